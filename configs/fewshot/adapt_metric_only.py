# Algorithm 1 as printed: nothing but eq. 2 between shots and source frames, in one process.
_base_ = 'adapt_thesis.py'

model = dict(supervise_target=False, supervise_source=False, discriminator=None)
train_cfg = dict(
    extra_dataloaders=dict(_delete_=True, target=_base_.train_cfg.extra_dataloaders.target)
)
optim_wrapper = dict(_delete_=True, **_base_.optim_wrapper.generator)
param_scheduler = [_base_.plateau]

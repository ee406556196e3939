# VIBE without its discriminator, and so without AMASS.
_base_ = '../fewshot_vibe.py'

model = dict(discriminator=None)
train_cfg = dict(
    extra_dataloaders=dict(_delete_=True, kp2d=_base_.train_cfg.extra_dataloaders.kp2d)
)
optim_wrapper = dict(_delete_=True, **_base_.optim_wrapper.generator)
param_scheduler = [_base_.plateau]

_base_ = __import__('mmpose_ext').cfg('_base_/default_runtime.py')
custom_imports = dict(imports=['mmpose_ext', 'toy_training'], allow_failed_imports=False)

dataset_type = 'ToyDataset'
randomness = dict(seed=3)
default_hooks = dict(
    checkpoint=dict(interval=1, save_best='AP', rule='greater'),
    logger=dict(interval=2),
    curves=dict(interval=3),
)
custom_hooks = [
    dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.01, priority=49),
    # Checkpoints hold the statistics of the first process; without it, a resumed second one would
    # go on with those.
    dict(type='SyncBuffersHook'),
]

model = dict(type='ToyModel', synchronised=True)
train_cfg = dict(by_epoch=True, max_epochs=3, val_interval=1)
val_cfg = dict()
test_cfg = dict()
train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=False,
    collate_fn=dict(type='default_collate'),
    worker_init_fn=dict(type='mmpose_ext.seed_worker'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='ToyDataset', length=48),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ToyDataset', length=8),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='ToyMetric')
test_evaluator = val_evaluator
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=10),
    dict(type='CosineAnnealingLR', T_max=3, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=4)

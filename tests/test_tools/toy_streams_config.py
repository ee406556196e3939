_base_ = __import__('mmpose_ext').cfg('_base_/default_runtime.py')
custom_imports = dict(imports=['mmpose_ext', 'toy_training'], allow_failed_imports=False)

dataset_type = 'ToyDataset'
randomness = dict(seed=3)
log_processor = dict(by_epoch=False)
default_hooks = dict(
    checkpoint=dict(by_epoch=False, interval=5, save_best='AP', rule='greater'),
    logger=dict(interval=2),
    curves=dict(interval=3),
)


def stream(length, batch_size, num_workers=1):
    return dict(
        batch_size=batch_size,
        num_workers=num_workers,
        persistent_workers=False,
        collate_fn=dict(type='default_collate'),
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(type='ToyDataset', length=length),
    )


model = dict(type='ToyStreamsModel')
train_dataloader = stream(17, 3)
train_cfg = dict(
    type='mmpose_ext.MultiSourceIterTrainLoop',
    max_iters=25,
    val_interval=5,
    extra_dataloaders=dict(
        kp2d=stream(10, 4, num_workers=0), motion=stream(13, 3), target=stream(1, 8)
    ),
)
val_cfg = dict()
test_cfg = dict()
val_dataloader = dict(
    batch_size=4,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ToyDataset', length=8, test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='ToyMetric')
test_evaluator = val_evaluator
optim_wrapper = dict(
    constructor='ToyConstructor',
    generator=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=0.03)),
    discriminator=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1)),
)
plateau = dict(
    type='ReduceOnPlateauLR',
    monitor='AP',
    rule='greater',
    patience=0,
    factor=0.5,
    # No fall of the error is enough, so that the rates are sure to fall.
    threshold=10,
    threshold_rule='abs',
)
param_scheduler = dict(generator=[plateau], discriminator=[plateau | dict(factor=0.1)])
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')

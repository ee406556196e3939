# VIBE adapted from generated studio videos to generated outdoor videos with 32 labelled clips.
#     tools/dist_train.sh configs/fewshot/vibe_synthetic.py 2
#     tools/dist_train.sh configs/fewshot/adapt_synthetic.py 2
_base_ = 'vibe_synthetic.py'

max_iters = 150
base_lr = 1e-4

model = dict(
    type='mmpose_ext.FewShotVideoMeshEstimator',
    init_cfg=dict(type='Pretrained', checkpoint='work_dirs/vibe_synthetic/iter_300.pth'),
    head=dict(init_cfg=None),
)

shots = dict(
    type='mmpose_ext.FewShotSubset',
    k=32,
    seed=0,
    manifest='work_dirs/adapt_synthetic/shots_k32_seed0.json',
    exclude=[
        dict(
            type=_base_.dataset_type,
            data_root=_base_.data_root,
            ann_file='clips/3dpw_test.npz',
            body_model=_base_.body_model,
            check_images=False,
        )
    ],
    dataset=dict(_base_.val_dataloader.dataset, tail='drop', short='skip', test_mode=False),
)
# Half of the clips of a step are shots. Without the others the network forgets: adapted with 8
# shots it then erred more than before.
train_dataloader = dict(batch_size=2)
train_cfg = dict(
    max_iters=max_iters,
    val_interval=30,
    extra_dataloaders=dict(
        kp2d=dict(batch_size=2),
        motion=dict(batch_size=4),
        target=dict(
            batch_size=4,
            num_workers=0,
            drop_last=False,
            sampler=dict(type='DefaultSampler', shuffle=True),
            dataset=shots,
        ),
    ),
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        **dict(shots, complement=True, dataset=dict(shots['dataset'], test_mode=True)),
    )
)

optim_wrapper = dict(
    generator=dict(optimizer=dict(lr=base_lr)), discriminator=dict(optimizer=dict(lr=base_lr))
)
schedulers = [
    dict(_base_.warmup, end=10),
    dict(_base_.cosine, eta_min=base_lr * 0.02, end=max_iters, T_max=max_iters),
]
param_scheduler = dict(generator=schedulers, discriminator=schedulers)
default_hooks = dict(checkpoint=dict(interval=30, save_best='all/PA-MPJPE', rule='less'))

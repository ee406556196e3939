# VIBE adapted to 3DPW with 50 labelled clips of its validation set. The clips of that set which
# share no frame with them choose the checkpoint; the test set is only tested on.
#     tools/dist_train.sh configs/fewshot_vibe.py 2
#     tools/dist_train.sh configs/fewshot_adapt.py 2
# More shots and seeds, arms beside each other: tools/analysis_tools/few_shot_grid.py.
_base_ = 'fewshot_vibe.py'

max_iters = 2000
val_interval = 100

model = dict(
    type='mmpose_ext.FewShotVideoMeshEstimator',
    # The last checkpoint of the source training; or the one that it found best.
    init_cfg=dict(type='Pretrained', checkpoint='work_dirs/fewshot_vibe/iter_15000.pth'),
    head=dict(init_cfg=None),
)

shots = dict(
    type='mmpose_ext.FewShotSubset',
    k=50,
    seed=0,
    manifest='work_dirs/fewshot_adapt/shots_k50_seed0.json',
    exclude=[
        dict(
            type=_base_.dataset_type,
            data_root=_base_.data_root,
            ann_file='clips/3dpw_test.npz',
            body_model=_base_.body_model,
            check_images=False,
        )
    ],
    # Clips that fill up the ends of tracks would share frames with others.
    dataset=dict(_base_.val_dataloader.dataset, tail='drop', short='skip', test_mode=False),
)
train_dataloader = dict(batch_size=64)
train_cfg = dict(
    max_iters=max_iters,
    val_interval=val_interval,
    extra_dataloaders=dict(
        motion=dict(batch_size=64),
        # All shots at once, up to 64 per process.
        target=dict(
            batch_size=64,
            num_workers=4,
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
default_hooks = dict(checkpoint=dict(interval=val_interval))

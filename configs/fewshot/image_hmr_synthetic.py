# The network whose features the videos of a CPU are made of, in place of SPIN's. As SPIN it learns
# bodies from single images of many people, not from the few who are filmed: those of the generated
# mesh datasets.
#     mesh=data/synthetic_mesh_full
#     python tools/make_synthetic.py mesh --out $mesh --size full --seed 1
#     python tools/dataset_converters/mesh_to_clips.py configs/sefd/baseline_synthetic.py \
#         --img-prefix $mesh --out $mesh/clips/mesh_train.npz --cfg-options \
#         train_dataloader.dataset.groups.0.0.data_root=$mesh/Human36M \
#         train_dataloader.dataset.groups.1.0.data_root=$mesh/MSCOCO
#     tools/dist_train.sh configs/fewshot/image_hmr_synthetic.py 2
#     python tools/model_converters/publish_backbone.py \
#         work_dirs/image_hmr_synthetic/epoch_6.pth configs/fewshot/image_hmr_synthetic.pth
# The result lies beside this file; the training took 35 minutes on 2 cores.
# Validation needs `python tools/make_synthetic.py video`, see fewshot_vibe.py.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/image_hmr_cspnext_tiny_96x96.py',
]

mesh_root = 'data/synthetic_mesh_full/'
video_root = 'data/synthetic_video/'
dataset_type = 'mmpose_ext.PW3DVideo'
body_model = 'standin'
pretrained = '{{ fileDirname }}/../unified/cspnext_t_synthetic.pth'

model = dict(
    backbone=dict(
        backbone=dict(init_cfg=dict(type='Pretrained', prefix='backbone.', checkpoint=pretrained)),
        neck=dict(init_cfg=dict(type='Pretrained', prefix='neck.', checkpoint=pretrained)),
    )
)

load_images = dict(
    type='mmpose_ext.LoadClipImages',
    input_size=_base_.input_size,
    backend_args=_base_.backend_args,
)
train_pipeline = [
    dict(type='mmpose_ext.CropClip', scale_jitter=0.15, shift_jitter=0.05),
    load_images,
    dict(type='mmpose_ext.PackVideoMeshInputs'),
]
val_pipeline = [
    dict(type='mmpose_ext.CropClip'),
    load_images,
    dict(type='mmpose_ext.PackVideoMeshInputs'),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    worker_init_fn=dict(type='mmpose_ext.seed_worker'),
    # A last batch of one frame would have no batch statistics.
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmpose_ext.VideoMeshDataset',
        source='mesh_mixed',
        data_root=mesh_root,
        ann_file='clips/mesh_train.npz',
        seq_len=1,
        crop_scale=_base_.crop_scale,
        body_model=body_model,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_root=video_root,
        ann_file='clips/3dpw_validation.npz',
        data_prefix=dict(img='3DPW/imageFiles/'),
        seq_len=1,
        crop_scale=_base_.crop_scale,
        body_model=body_model,
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmpose_ext.VideoMeshMetric', body_model=body_model)
test_evaluator = val_evaluator

max_epochs = 6
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=max_epochs)
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=0)

base_lr = 1e-3
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=base_lr, weight_decay=0.05, fused=True),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0, bypass_duplicate=True),
    clip_grad=dict(max_norm=35, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=30),
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.02,
        begin=0,
        end=max_epochs,
        T_max=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]

default_hooks = dict(
    checkpoint=dict(interval=1),
    visualization=dict(type='mmpose_ext.VideoMeshVisualizationHook', enable=False),
    curves=dict(metrics=['*MPJPE', '*PVE']),
)
custom_hooks = [*_base_.custom_hooks, dict(type='mmpose_ext.ChannelsLastHook')]

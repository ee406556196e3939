# SPIN's image network. With the authors' weights it makes the features that VIBE is trained on:
#     python tools/model_converters/convert_vibe.py SPIN_CHECKPOINT checkpoints/spin_resnet50.pth
#     python tools/dataset_converters/extract_features.py configs/fewshot/image_hmr_resnet50.py \
#         checkpoints/spin_resnet50.pth data/clips/3dpw_train.npz --data-root data/3DPW/imageFiles \
#         --out data/features/3dpw_train.npy --name spin_resnet50 --device cuda --workers 8
# Without them it is trained from ImageNet's on single frames of MPI-INF-3DHP:
#     tools/dist_train.sh configs/fewshot/image_hmr_resnet50.py 2
_base_ = ['../_base_/default_runtime.py']

data_root = 'data/'
dataset_type = 'mmpose_ext.PW3DVideo'
input_size = 224
crop_scale = 1.2

model = dict(
    type='mmpose_ext.VideoMeshEstimator',
    data_preprocessor=dict(type='mmpose_ext.VideoMeshDataPreprocessor'),
    backbone=dict(
        type='mmpose_ext.PooledBackbone',
        backbone=dict(
            type='ResNet',
            depth=50,
            init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
        ),
    ),
    head=dict(type='mmpose_ext.SMPLIterativeHead', in_channels=2048),
)

load_images = dict(
    type='mmpose_ext.LoadClipImages', input_size=input_size, backend_args=_base_.backend_args
)
train_pipeline = [
    dict(type='mmpose_ext.CropClip', scale_jitter=0.25, shift_jitter=0.05),
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
    num_workers=8,
    persistent_workers=True,
    worker_init_fn=dict(type='mmpose_ext.seed_worker'),
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmpose_ext.MPIInf3DHPVideo',
        data_root=data_root,
        data_prefix=dict(img='mpi_inf_3dhp/'),
        seq_len=1,
        # Neighbours at full rate say the same.
        stride=5,
        crop_scale=crop_scale,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=8,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='clips/3dpw_validation.npz',
        data_prefix=dict(img='3DPW/imageFiles/'),
        seq_len=1,
        crop_scale=crop_scale,
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmpose_ext.VideoMeshMetric')
test_evaluator = val_evaluator

max_epochs = 10
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()

# SPIN's optimizer, for 64 images per step on 2 GPUs.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-5))
auto_scale_lr = dict(base_batch_size=64)

default_hooks = dict(
    checkpoint=dict(interval=1, save_best='all/PA-MPJPE', rule='less'),
    visualization=dict(type='mmpose_ext.VideoMeshVisualizationHook', enable=False),
    curves=dict(metrics=['*MPJPE', '*PVE']),
)

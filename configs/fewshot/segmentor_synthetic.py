# The segmentor on generated studio videos, sized for a CPU. Capsules around their keypoints are the
# masks, so that no detector's weights are needed.
#     python tools/make_synthetic.py video --out data/synthetic_video
#     python tools/dataset_converters/make_pseudo_masks.py \
#         data/synthetic_video/clips/mpi_inf_3dhp_train.npz --detectors none \
#         --img-prefix data/synthetic_video/mpi_inf_3dhp \
#         --out data/synthetic_video/masks/mpi_inf_3dhp_train
# The test split likewise, its images below mpi_inf_3dhp/mpi_inf_3dhp_test_set. Then
#     python tools/train.py configs/fewshot/segmentor_synthetic.py
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ocr_hrnet_w8.py',
    '../_base_/datasets/pseudo_masks.py',
]

data_root = 'data/synthetic_video/'

train_pipeline = [
    dict(
        type='mmpose_ext.CropForeground',
        input_size=_base_.input_size,
        scale_jitter=0.3,
        shift_jitter=0.1,
        flip_prob=0.5,
        # As in the masks of clips.
        outside=0,
        backend_args=_base_.backend_args,
    ),
    dict(type='mmpose_ext.RandomHSV'),
    dict(type='mmpose_ext.PackForegroundInputs'),
]
val_pipeline = [
    dict(
        type='mmpose_ext.CropForeground',
        input_size=_base_.input_size,
        backend_args=_base_.backend_args,
    ),
    dict(type='mmpose_ext.PackForegroundInputs'),
]
train_dataloader = dict(
    batch_size=16, num_workers=1, dataset=dict(data_root=data_root, pipeline=train_pipeline)
)
val_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=False,
    dataset=dict(data_root=data_root, pipeline=val_pipeline),
)
test_dataloader = val_dataloader

max_epochs = 1
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=max_epochs)
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=0)

base_lr = 2e-3
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=base_lr, weight_decay=0.01),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=20),
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
    curves=dict(metrics=['mask/*']),
)
custom_hooks = [*_base_.custom_hooks, dict(type='mmpose_ext.ChannelsLastHook')]

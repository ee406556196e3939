# The foreground branch, first of its three steps: train the segmentor on pseudo masks of
# MPI-INF-3DHP, of every 10th frame, which make_pseudo_masks.py makes from mmdet's Mask R-CNN and
# Cascade Mask R-CNN and from the keypoints:
#     tools/dist_train.sh configs/fewshot/segmentor_hrnet_w48_ocr.py 4
# Then name the checkpoint in fewshot_seg.py, in which the segmentor stays as it is.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ocr_hrnet_w48.py',
    '../_base_/datasets/pseudo_masks.py',
]

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
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# How long the authors trained is not known; batch size and optimizer are those that HRNet-OCR was
# published with for crops of 520 pixels.
max_epochs = 12
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=0)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [
    dict(
        type='PolyLR',
        power=0.9,
        eta_min=0,
        begin=0,
        end=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
auto_scale_lr = dict(base_batch_size=16)

default_hooks = dict(
    checkpoint=dict(interval=1, save_best='mask/IoU', rule='greater'),
    curves=dict(metrics=['mask/*']),
)

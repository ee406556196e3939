# The distilled RTMPose-t on generated people, sized for a CPU: 96 x 128 pixels and a short
# schedule.
#     python tools/make_synthetic.py pose --out data/synthetic
#     tools/dist_train.sh configs/unified/teacher_heatmap_coco_synthetic.py 2
#     tools/dist_train.sh configs/unified/teacher_heatmap_mpii_synthetic.py 2
#     tools/dist_train.sh configs/unified/unified_rtmpose_t_synthetic.py 2
_base_ = '../unified_rtmpose_t.py'

data_root = 'data/synthetic/'
input_size = (96, 128)
canvas_size = (128, 128)
# The label widths follow RTMPose's rule, sqrt(side / 8).
codec = dict(
    type='SimCCLabel',
    input_size=input_size,
    sigma=(3.46, 4.0),
    simcc_split_ratio=2.0,
    normalize=False,
    use_dark=False,
)

model = dict(
    canvas_size=canvas_size,
    backbone=dict(
        norm_cfg=dict(type='BN'),
        # Their backward pass, on the largest maps, would take half of a step's time.
        frozen_stages=2,
        # Pretrained by pretrain_cspnext_t_synthetic.py.
        init_cfg=dict(checkpoint='{{ fileDirname }}/cspnext_t_synthetic.pth'),
    ),
    head=dict(input_size=input_size, in_featuremap_size=(3, 4), decoder=codec),
    # A teacher's Gaussians are 6.2 pixels wide. The power makes them 1.8 pixels wide, about as the
    # Gaussians of the student's labels.
    teachers=dict(
        coco=dict(
            config='unified/teacher_heatmap_coco_synthetic.py',
            checkpoint='work_dirs/teacher_heatmap_coco_synthetic/epoch_10.pth',
            beta=12.0,
        ),
        mpii=dict(
            config='unified/teacher_heatmap_mpii_synthetic.py',
            checkpoint='work_dirs/teacher_heatmap_mpii_synthetic/epoch_10.pth',
            beta=12.0,
        ),
    ),
)

train_pipeline = [
    dict(type='mmpose_ext.LoadEncodedImage', backend_args=_base_.backend_args),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmpose_ext.RandomMirror'),
    dict(type='mmpose_ext.RandomBoxTransform', scale_factor=[0.75, 1.25], rotate_factor=30),
    dict(type='mmpose_ext.TopdownAffineCanvas', input_size=input_size, canvas_size=canvas_size),
    dict(type='mmpose_ext.RandomHSV'),
    dict(type='mmpose_ext.RandomBlur', method='mean'),
    dict(type='mmpose_ext.CoarseDropout', prob=0.3),
    dict(type='mmpose_ext.GenerateSimCCTarget', encoder=codec),
    dict(type='mmpose_ext.PackUnionInputs'),
]
val_pipeline = [
    dict(type='mmpose_ext.LoadEncodedImage', backend_args=_base_.backend_args),
    dict(type='GetBBoxCenterScale'),
    dict(
        type='mmpose_ext.TopdownAffineCanvas',
        input_size=input_size,
        reduced_decoding=False,
    ),
    dict(type='mmpose_ext.PackUnionInputs'),
]

coco_val = dict(
    data_root=data_root + 'coco/',
    bbox_file=data_root + 'coco/person_detection_results/'
    'COCO_val2017_detections_AP_H_56_person.json',
)
mpii_val = dict(
    data_root=data_root + 'mpii/', headbox_file=data_root + 'mpii/annotations/mpii_gt_val.mat'
)
# Two processes keep two cores busy; workers would only take their time.
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    sampler=dict(batch_size=16, ratios=dict(coco=1, mpii=1), epoch_length=1280),
    dataset=dict(
        sources=dict(
            coco=dict(dataset=dict(data_root=data_root + 'coco/')),
            mpii=dict(dataset=dict(data_root=data_root + 'mpii/')),
        ),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        sources=dict(coco=dict(dataset=coco_val), mpii=dict(dataset=mpii_val)),
        pipeline=val_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=32,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        sources=dict(
            coco=dict(dataset=coco_val),
            mpii=dict(dataset=mpii_val),
            halpe=dict(dataset=dict(data_root=data_root)),
        ),
        pipeline=val_pipeline,
    ),
)
coco_metric = dict(ann_file=data_root + 'coco/annotations/person_keypoints_val2017.json')
halpe_metric = dict(ann_file=data_root + 'halpe/annotations/halpe_val_v1.json')
val_evaluator = dict(
    metrics=dict(coco=dict(metric=coco_metric), coco_shared12=dict(metric=coco_metric))
)
test_evaluator = dict(
    metrics=dict(
        coco=dict(metric=coco_metric),
        coco_shared12=dict(metric=coco_metric),
        halpe=dict(metric=halpe_metric),
        halpe_sigmas26=dict(metric=halpe_metric),
        halpe_new=dict(metric=halpe_metric),
    )
)

max_epochs = 10
base_lr = 1e-3
# MMDetection's backbone freezes its stages at the first epoch, when the processes already expect
# their gradients.
find_unused_parameters = True
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
randomness = dict(seed=0)
optim_wrapper = dict(optimizer=dict(lr=base_lr, fused=True))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.02,
        begin=max_epochs // 5,
        end=max_epochs,
        T_max=max_epochs - max_epochs // 5,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
default_hooks = dict(checkpoint=dict(interval=max_epochs // 5))
custom_hooks = [
    dict(type='SyncBuffersHook'),
    # The average follows some hundred iterations instead of some ten thousand.
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.01,
        update_buffers=True,
        priority=49,
    ),
    dict(type='mmpose_ext.ChannelsLastHook'),
]

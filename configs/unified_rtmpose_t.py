# RTMPose-t with 21 keypoints, trained on COCO and MPII with two RTMPose-m teachers:
#     tools/dist_train.sh configs/unified_rtmpose_t.py 2
_base_ = [
    '_base_/default_runtime.py',
    '_base_/schedules/rtmpose_420e.py',
    '_base_/models/rtmpose_tiny.py',
    '_base_/datasets/coco_mpii_halpe.py',
]

# The teachers' released weights, as MMPose publishes them.
teacher_weights = 'https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
model = dict(
    teachers=dict(
        coco=dict(
            skeleton='coco17',
            config='unified/teacher_rtmpose_m_coco.py',
            checkpoint=teacher_weights
            + 'rtmpose-m_simcc-coco_pt-aic-coco_420e-256x192-d8dd5ca4_20230127.pth',
        ),
        mpii=dict(
            skeleton='mpii16',
            config='unified/teacher_rtmpose_m_mpii.py',
            checkpoint=teacher_weights
            + 'rtmpose-m_simcc-mpii_pt-aic-coco_210e-256x256-ec4dbec8_20230206.pth',
        ),
    ),
)

# The probabilities and ranges of RTMPose. Images are decoded only when the crop is known.
train_pipeline = [
    dict(type='mmpose_ext.LoadEncodedImage', backend_args=_base_.backend_args),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmpose_ext.RandomMirror'),
    dict(type='RandomHalfBody'),
    dict(type='mmpose_ext.RandomBoxTransform', scale_factor=[0.6, 1.4], rotate_factor=80),
    dict(
        type='mmpose_ext.TopdownAffineCanvas',
        input_size=_base_.codec.input_size,
        canvas_size=_base_.canvas_size,
    ),
    dict(type='mmpose_ext.RandomHSV'),
    dict(type='mmpose_ext.RandomBlur', method='mean'),
    dict(type='mmpose_ext.RandomBlur', method='median'),
    dict(type='mmpose_ext.CoarseDropout', prob=1.0),
    dict(type='mmpose_ext.GenerateSimCCTarget', encoder=_base_.codec),
    dict(type='mmpose_ext.PackUnionInputs'),
]
# The last epochs: no shift, less scale and rotation, and half of the people whole.
stage2 = {
    'mmpose_ext.RandomBoxTransform': dict(
        shift_factor=0.0, scale_factor=[0.75, 1.25], rotate_factor=60
    ),
    'mmpose_ext.CoarseDropout': dict(prob=0.5),
}
train_pipeline_stage2 = [dict(step, **stage2.get(step['type'], {})) for step in train_pipeline]
val_pipeline = [
    dict(type='mmpose_ext.LoadEncodedImage', backend_args=_base_.backend_args),
    dict(type='GetBBoxCenterScale'),
    dict(
        type='mmpose_ext.TopdownAffineCanvas',
        input_size=_base_.codec.input_size,
        reduced_decoding=False,
    ),
    dict(type='mmpose_ext.PackUnionInputs'),
]

# Which teacher knows which joint goes into the printed table of supervision and the label tiers.
train_dataloader = dict(
    dataset=dict(pipeline=train_pipeline, teachers=dict(coco='coco17', mpii='mpii16'))
)
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# Keypoints that a source does not have are drawn in red.
visualizer = dict(
    type='mmpose_ext.UnionVisualizer',
    bases=dict(coco='coco17', mpii='mpii16', halpe='halpe136'),
)

# RTMPose-t is trained without weight decay.
optim_wrapper = dict(optimizer=dict(weight_decay=0.0))

default_hooks = dict(checkpoint=dict(save_best='avg/coco_mpii', rule='greater'))
custom_hooks = [
    *_base_.custom_hooks,
    # Of the student alone: the teachers are no part of the model.
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.0002,
        update_buffers=True,
        priority=49,
    ),
    dict(
        type='mmdet.PipelineSwitchHook',
        switch_epoch=_base_.max_epochs - _base_.stage2_num_epochs,
        switch_pipeline=train_pipeline_stage2,
    ),
]

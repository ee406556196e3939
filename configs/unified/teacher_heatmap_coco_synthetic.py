# The COCO teacher on generated people. It starts from the whole pretrained model, whose head knows
# the 17 keypoints among others; students take SimCC and heatmap teachers alike.
_base_ = './rtmpose_t_coco_synthetic.py'

pretrained = '{{ fileDirname }}/cspnext_t_synthetic.pth'
input_size = (96, 128)
heatmap = dict(
    type='mmpose_ext.SoftmaxHeatmap',
    input_size=input_size,
    heatmap_size=(24, 32),
    sigma=1.5,
)
codec = dict(heatmap, _delete_=True)
model = dict(
    _delete_=True,
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        _scope_='mmdet',
        type='CSPNeXt',
        arch='P5',
        expand_ratio=0.5,
        deepen_factor=0.167,
        widen_factor=0.375,
        out_indices=(1, 2, 3, 4),
        channel_attention=True,
        norm_cfg=dict(type='BN'),
        frozen_stages=1,
        act_cfg=dict(type='SiLU'),
        init_cfg=dict(type='Pretrained', prefix='backbone.', checkpoint=pretrained),
    ),
    neck=dict(
        type='mmpose_ext.FinestLevelNeck',
        in_channels=(48, 96, 192, 384),
        out_channels=48,
        init_cfg=dict(type='Pretrained', prefix='neck.', checkpoint=pretrained),
    ),
    head=dict(
        type='HeatmapHead',
        in_channels=48,
        out_channels=17,
        deconv_out_channels=None,
        loss=dict(type='mmpose_ext.HeatmapCrossEntropyLoss'),
        decoder=heatmap,
        init_cfg=dict(
            type='mmpose_ext.PretrainedKeypoints',
            checkpoint=pretrained,
            source='union21',
            target=_base_.skeleton,
        ),
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=False),
)

heatmap_steps = {
    'mmpose_ext.TopdownAffineCanvas': dict(canvas_size=None, use_udp=True),
    'mmpose_ext.GenerateSimCCTarget': dict(type='GenerateTarget', encoder=heatmap),
    # Ours packs SimCC labels only.
    'mmpose_ext.PackUnionInputs': dict(type='PackPoseInputs'),
}
train_pipeline = [
    dict(step, **heatmap_steps.get(step['type'], {})) for step in _base_.train_pipeline
]
unbiased = {'mmpose_ext.TopdownAffineCanvas': dict(use_udp=True)}
val_pipeline = [dict(step, **unbiased.get(step['type'], {})) for step in _base_.val_pipeline]
train_dataloader = dict(sampler=dict(epoch_length=768), dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# Nothing is new, so it is adapted carefully, and quickly.
optim_wrapper = dict(optimizer=dict(lr=2.5e-4))

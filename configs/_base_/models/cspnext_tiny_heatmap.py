# Pretraining of a backbone: CSPNeXt-tiny whose four stages, merged at stride 4, predict heatmaps.
# `backbone.*` of its checkpoint starts an RTMPose-t.
input_size = (96, 128)

codec = dict(
    type='mmpose_ext.SoftmaxHeatmap',
    input_size=input_size,
    heatmap_size=(24, 32),
    sigma=1.5,
)

model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='mmpose_ext.BatchedPoseDataPreprocessor',
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
        act_cfg=dict(type='SiLU'),
    ),
    neck=dict(type='mmpose_ext.FinestLevelNeck', in_channels=(48, 96, 192, 384), out_channels=48),
    head=dict(
        type='HeatmapHead',
        in_channels=48,
        out_channels=21,
        deconv_out_channels=None,
        # A distribution over positions instead of squared errors, which begin with an empty map.
        loss=dict(type='mmpose_ext.HeatmapCrossEntropyLoss'),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=False),
)

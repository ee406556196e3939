# RTMPose-t with the 21 keypoints of the union, 256 x 192: the student, and base of the other sizes.
input_size = (192, 256)
# What student and teachers cut their windows from: as high as the student's input, and as wide as
# the widest teacher needs at that height.
canvas_size = (256, 256)

codec = dict(
    type='SimCCLabel',
    input_size=input_size,
    sigma=(4.9, 5.66),
    simcc_split_ratio=2.0,
    normalize=False,
    use_dark=False,
)

# SyncBN needs GPUs; where there are none it becomes plain batch norm.
norm_cfg = dict(type='SyncBN', requires_grad=True)

model = dict(
    type='mmpose_ext.MultiTeacherDistiller',
    skeleton='union21',
    canvas_size=canvas_size,
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
        out_indices=(4,),
        channel_attention=True,
        norm_cfg=norm_cfg,
        act_cfg=dict(type='SiLU'),
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint='https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
            'cspnext-tiny_udp-aic-coco_210e-256x192-cbed682d_20230130.pth',
        ),
    ),
    head=dict(
        type='RTMCCHead',
        in_channels=384,
        out_channels=21,
        input_size=input_size,
        in_featuremap_size=(6, 8),
        simcc_split_ratio=codec['simcc_split_ratio'],
        final_layer_kernel_size=7,
        gau_cfg=dict(
            hidden_dims=256,
            s=128,
            expansion_factor=2,
            dropout_rate=0.0,
            drop_path=0.0,
            act_fn='SiLU',
            use_rel_bias=False,
            pos_enc=False,
        ),
        loss=dict(type='mmpose_ext.ConditionalKeypointLoss', beta=10.0, label_softmax=True),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True),
)

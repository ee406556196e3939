# SPIN's place for a CPU: SMPL bodies of single images from CSPNeXt-tiny on 96x96 crops. Its
# backbone and the neck that merges its four stages at stride 4 start from heatmaps of generated
# people, see unified/pretrain_cspnext_t_synthetic.py.
input_size = 96
crop_scale = 1.2

model = dict(
    type='mmpose_ext.VideoMeshEstimator',
    data_preprocessor=dict(type='mmpose_ext.VideoMeshDataPreprocessor'),
    backbone=dict(
        type='mmpose_ext.PooledBackbone',
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
        neck=dict(
            type='mmpose_ext.FinestLevelNeck', in_channels=(48, 96, 192, 384), out_channels=48
        ),
        # The neck's map says by position where joints are: the layers see a grid of it.
        grid_size=8,
        projection_channels=(48 * 8 * 8, 768, 512),
    ),
    head=dict(
        type='mmpose_ext.SMPLIterativeHead', in_channels=512, hidden_channels=512, dropout=0.1
    ),
    # Generated people are stand-ins.
    body_model=dict(path='standin'),
)

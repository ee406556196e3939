# 3DCrowdNet for a CPU: CSPNeXt-tiny on 96x96 crops. Its backbone and the neck that merges its
# four stages at stride 4 start from heatmaps of generated people, see
# unified/pretrain_cspnext_t_synthetic.py; the heads read the merged map.
input_size = (96, 96)

model = dict(
    type='mmpose_ext.MeshEstimator',
    data_preprocessor=dict(
        type='mmpose_ext.MeshDataPreprocessor',
        # Those of the pretraining.
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
        edge_std=57.6 / 255,
    ),
    backbone=dict(
        type='mmpose_ext.PoseGuidedBackbone',
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
        fuse_after='stage1',
        fuse_channels=48,
        residual_fusion=True,
    ),
    neck=dict(type='mmpose_ext.FinestLevelNeck', in_channels=(48, 96, 192, 384), out_channels=48),
    position_head=dict(type='mmpose_ext.SoftArgmax3DHead', in_channels=48),
    mesh_head=dict(type='mmpose_ext.GraphMeshHead', in_channels=48),
    pose_prior=dict(type='mmpose_ext.Rot6DPrior'),
    # Generated people are stand-ins.
    body_model=dict(path='standin'),
    loss=dict(type='mmpose_ext.MeshLoss'),
)

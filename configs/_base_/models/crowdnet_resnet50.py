# 3DCrowdNet (Choi et al., CVPR 2022) with ResNet-50: a SMPL body from a 256x256 crop and a 2D pose.
input_size = (256, 256)

# Its authors start from a COCO pose network; this is MMPose's of the same kind.
pose_weights = (
    'https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_res50_8xb64-210e_coco-256x192-04af38ce_20220923.pth'
)

model = dict(
    type='mmpose_ext.MeshEstimator',
    # Images go from 0 to 1, without ImageNet's mean and deviation, as published.
    data_preprocessor=dict(type='mmpose_ext.MeshDataPreprocessor'),
    backbone=dict(
        type='mmpose_ext.PoseGuidedResNet',
        depth=50,
        in_channels=3,
        init_cfg=dict(type='Pretrained', prefix='backbone.', checkpoint=pose_weights),
    ),
    position_head=dict(type='mmpose_ext.SoftArgmax3DHead', in_channels=2048),
    mesh_head=dict(type='mmpose_ext.GraphMeshHead', in_channels=2048),
    pose_prior=dict(type='mmpose_ext.Rot6DPrior'),
    body_model=dict(path=None),
    loss=dict(type='mmpose_ext.MeshLoss'),
)

# What mesh recovery is tested on beside 3DPW, and how. `python tools/check_data.py sefd` says what
# is missing. sefd/test_*.py test SEFD on it; for another network, for example hed.py, it is
#     _base_ = ['../hed.py', '../_base_/datasets/mesh_test_sets.py']
#     test_dataloader = dict(
#         dataset=dict(_delete_=True, **_base_.lsp, pipeline=_base_.val_pipeline)
#     )
#     test_evaluator = dict(_delete_=True, **_base_.lsp_metric)
mupots = dict(type='mmpose_ext.MuPoTSMesh', data_root='data/mupots/', test_mode=True)
mupots_metric = dict(
    type='mmpose_ext.PCK3DMetric',
    ann_file='data/mupots/MuPoTS-3D.json',
    protocol=dict(input_poses='OpenPose'),
)

# The paper does not say whose poses it starts from on the sets below. Here they are the annotated;
# a file of detected ones, by annotation id, is `pose2d_file` of the dataset, and
# `bbox_source='pose2d'` crops by them.
annotated = dict(input_poses='annotated')

crowdpose = dict(
    type='mmpose_ext.CrowdPoseMesh',
    data_root='data/crowdpose/',
    ann_file='annotations/crowdpose_test.json',
    data_prefix=dict(img='images/'),
    test_mode=True,
)
crowdpose_metric = dict(
    type='mmpose_ext.ProjectedOKSMetric',
    ann_file='data/crowdpose/annotations/crowdpose_test.json',
    target='crowdpose14',
    iou_type='keypoints_crowd',
    use_area=False,
    prefix='crowdpose',
    protocol=annotated,
)

ochuman = dict(
    type='mmpose_ext.OCHumanMesh',
    data_root='data/ochuman/',
    ann_file='ochuman_coco_format_test_range_0.00_1.00.json',
    data_prefix=dict(img='images/'),
    test_mode=True,
)
ochuman_metric = dict(
    type='mmpose_ext.ProjectedOKSMetric',
    ann_file='data/ochuman/ochuman_coco_format_test_range_0.00_1.00.json',
    prefix='ochuman',
    protocol=annotated,
)

# A pelvis that is derived from the hips would count them twice.
lsp_joints = [
    *('right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle'),
    *('right_wrist', 'right_elbow', 'right_shoulder'),
    *('left_shoulder', 'left_elbow', 'left_wrist', 'neck', 'head_top'),
]
lsp = dict(
    type='mmpose_ext.LspMesh',
    data_root='data/lsp/',
    data_prefix=dict(img='images/'),
    test_mode=True,
)
lsp_metric = dict(
    type='mmpose_ext.ProjectedPCKhMetric', joints=lsp_joints, prefix='lsp', protocol=annotated
)

relative_human = dict(
    type='mmpose_ext.RelHumanMesh',
    data_root='data/relative_human/',
    data_prefix=dict(img='images/'),
    test_mode=True,
)
relative_human_metric = dict(
    type='mmpose_ext.ProjectedPCKhMetric',
    joints=[*lsp_joints, 'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'],
    prefix='relative_human',
    protocol=annotated,
)

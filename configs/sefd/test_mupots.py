# MuPoTS-3D from OpenPose's poses, 3DPCK; supplement, Table 1: 72.7 for SEFD, 70.2 for 3DCrowdNet.
#     tools/dist_test.sh configs/sefd/test_mupots.py CHECKPOINT 2
# takes a network with 5x5 Canny edges, and with --cfg-options model.backbone.in_channels=3 one
# without edges.
_base_ = ['../sefd_student.py', '../_base_/datasets/mesh_test_sets.py']

test_dataloader = dict(dataset=dict(_delete_=True, **_base_.mupots, pipeline=_base_.val_pipeline))
test_evaluator = dict(_delete_=True, **_base_.mupots_metric)

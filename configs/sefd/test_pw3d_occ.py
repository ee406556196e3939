# 3DPW-OCC; Table 5: 83.48 / 55.00 / 97.12 mm for SEFD, 88.61 / 56.79 / 103.22 mm for 3DCrowdNet.
#     tools/dist_test.sh configs/sefd/test_pw3d_occ.py CHECKPOINT 2
# takes a network with 5x5 Canny edges, and with --cfg-options model.backbone.in_channels=3 one
# without edges.
_base_ = '../sefd_student.py'

test_dataloader = dict(dataset=dict(subset='occ'))
test_evaluator = dict(notes=dict(subset='3DPW-OCC'))

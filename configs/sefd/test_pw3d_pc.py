# 3DPW-PC; Table 5: 85.92 / 54.94 / 100.50 mm for SEFD, 88.77 / 57.26 / 105.68 mm for 3DCrowdNet.
#     tools/dist_test.sh configs/sefd/test_pw3d_pc.py CHECKPOINT 2
# takes a network with 5x5 Canny edges, and with --cfg-options model.backbone.in_channels=3 one
# without edges.
_base_ = '../sefd_student.py'

test_dataloader = dict(dataset=dict(subset='pc'))
test_evaluator = dict(notes=dict(subset='3DPW-PC'))

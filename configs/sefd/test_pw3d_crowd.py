# 3DPW-Crowd, which 3DCrowdNet is tested on, from HigherHRNet's poses.
#     tools/dist_test.sh configs/sefd/test_pw3d_crowd.py CHECKPOINT 2
# takes a network with 5x5 Canny edges, and with --cfg-options model.backbone.in_channels=3 one
# without edges.
_base_ = '../sefd_student.py'

test_dataloader = dict(dataset=dict(subset='crowd'))
test_evaluator = dict(notes=dict(subset='3DPW-Crowd'))

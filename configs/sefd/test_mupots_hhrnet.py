# MuPoTS-3D from HigherHRNet's poses, otherwise as test_mupots.py; supplement, Table 1: 73.8 for
# SEFD, 72.7 for 3DCrowdNet.
_base_ = 'test_mupots.py'

test_dataloader = dict(dataset=dict(detector='hhrnet'))
test_evaluator = dict(protocol=dict(input_poses='HigherHRNet'))

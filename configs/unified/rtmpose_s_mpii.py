# MPII's 16 keypoints from MPII alone.
_base_ = './rtmpose_s_joint.py'

skeleton = 'mpii16'
model = dict(skeleton=skeleton, head=dict(out_channels=16))
train_dataloader = dict(sampler=dict(ratios=dict(coco=0)), dataset=dict(skeleton=skeleton))
val_dataloader = dict(dataset=dict(skeleton=skeleton))
test_dataloader = dict(dataset=dict(skeleton=skeleton))
val_evaluator = dict(skeleton=skeleton)
test_evaluator = dict(skeleton=skeleton)

# COCO's 17 keypoints from COCO alone.
_base_ = './rtmpose_t_joint.py'

skeleton = 'coco17'
model = dict(skeleton=skeleton, head=dict(out_channels=17))
train_dataloader = dict(sampler=dict(ratios=dict(mpii=0)), dataset=dict(skeleton=skeleton))
val_dataloader = dict(dataset=dict(skeleton=skeleton))
test_dataloader = dict(dataset=dict(skeleton=skeleton))
val_evaluator = dict(skeleton=skeleton)
test_evaluator = dict(skeleton=skeleton)

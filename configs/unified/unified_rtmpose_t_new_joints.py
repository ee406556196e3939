# How well the joints that COCO or MPII lack transfer to data that label them. For testing only:
#     tools/dist_test.sh configs/unified/unified_rtmpose_t_new_joints.py CHECKPOINT 2
_base_ = ['../unified_rtmpose_t.py', '../_base_/datasets/joint_offsets.py']

test_dataloader = dict(dataset=dict(sources=dict(_delete_=True, **_base_.new_joint_sources)))
test_evaluator = dict(metrics=dict(_delete_=True, **_base_.new_joint_metrics), averages=None)

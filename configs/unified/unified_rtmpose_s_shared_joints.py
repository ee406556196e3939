# Whether COCO and MPII mean the same by the twelve joints they share: each side's offsets. For
# testing only:
#     tools/dist_test.sh configs/unified/unified_rtmpose_s_shared_joints.py CHECKPOINT 2
_base_ = ['../unified_rtmpose_s.py', '../_base_/datasets/joint_offsets.py']

# Detected boxes come without labels.
coco_val = {key: value for key, value in _base_.coco_val.items() if key != 'bbox_file'}
sources = dict(
    _delete_=True,
    coco=dict(skeleton='coco17', dataset=coco_val),
    mpii=dict(skeleton='mpii16', dataset=_base_.mpii_val),
)
test_dataloader = dict(dataset=dict(sources=sources))
test_evaluator = dict(metrics=dict(_delete_=True, **_base_.shared_joint_metrics), averages=None)

# Relative Human, mPCKh@0.6 of the projected joints; Table 5: 82.59 for SEFD, 80.19 for 3DCrowdNet.
#     tools/dist_test.sh configs/sefd/test_relative_human.py CHECKPOINT 2
# takes a network with 5x5 Canny edges, and with --cfg-options model.backbone.in_channels=3 one
# without edges.
_base_ = ['../sefd_student.py', '../_base_/datasets/mesh_test_sets.py']

test_dataloader = dict(
    dataset=dict(_delete_=True, **_base_.relative_human, pipeline=_base_.val_pipeline)
)
test_evaluator = dict(_delete_=True, **_base_.relative_human_metric)

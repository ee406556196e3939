# OCHuman, AP of the projected joints; Table 5: 44.1 for SEFD, 39.7 for 3DCrowdNet.
#     tools/dist_test.sh configs/sefd/test_ochuman.py CHECKPOINT 2
# takes a network with 5x5 Canny edges, and with --cfg-options model.backbone.in_channels=3 one
# without edges.
_base_ = ['../sefd_student.py', '../_base_/datasets/mesh_test_sets.py']

test_dataloader = dict(dataset=dict(_delete_=True, **_base_.ochuman, pipeline=_base_.val_pipeline))
test_evaluator = dict(_delete_=True, **_base_.ochuman_metric)

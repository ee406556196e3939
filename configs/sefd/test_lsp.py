# LSP, mPCKh@0.6 of the projected joints; Table 5: 83.15 for SEFD, 81.86 for 3DCrowdNet.
#     tools/dist_test.sh configs/sefd/test_lsp.py CHECKPOINT 2
# takes a network with 5x5 Canny edges, and with --cfg-options model.backbone.in_channels=3 one
# without edges.
_base_ = ['../sefd_student.py', '../_base_/datasets/mesh_test_sets.py']

test_dataloader = dict(dataset=dict(_delete_=True, **_base_.lsp, pipeline=_base_.val_pipeline))
test_evaluator = dict(_delete_=True, **_base_.lsp_metric)

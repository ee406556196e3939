# Table 2, boundaries of the people that Mask2Former finds: 79.43 / 49.80 / 95.13 mm. They are drawn
# before, with its weights as check_data.py names them:
#     python tools/dataset_converters/make_edges.py configs/sefd_baseline.py --source masks \
#         --checkpoint data/weights/mask2former_r50_8xb2-lsj-50e_coco_20220506_191028-41b088b6.pth
# and again with `--split test --out data/mask_edges_test`.
_base_ = '../sefd_baseline.py'

model = dict(backbone=dict(in_channels=4))

maps = dict(
    type='mmpose_ext.LoadEdgeMap',
    edge_prefix='data/mask_edges',
    backend_args=_base_.backend_args,
)
test_maps = dict(maps, edge_prefix='data/mask_edges_test')
train_pipeline = [_base_.train_pipeline[0], maps, *_base_.train_pipeline[1:]]
val_pipeline = [_base_.val_pipeline[0], test_maps, *_base_.val_pipeline[1:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# The teacher with edge maps from files, the same as those it would draw:
#     python tools/dataset_converters/make_edges.py configs/sefd_teacher.py
#     python tools/dataset_converters/make_edges.py configs/sefd_teacher.py --split test \
#         --out data/smpl_edges_test
_base_ = '../sefd_teacher.py'

maps = dict(type='mmpose_ext.LoadEdgeMap', backend_args=_base_.backend_args)
test_maps = dict(maps, edge_prefix='data/smpl_edges_test')
train_pipeline = [_base_.train_pipeline[0], maps, *_base_.train_pipeline[2:]]
val_pipeline = [_base_.val_pipeline[0], test_maps, *_base_.val_pipeline[2:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

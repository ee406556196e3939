# The teacher, whose edges are drawn in the crop instead of in the image: as sharp for small people
# as for large ones, and cheaper where images are large.
_base_ = '../sefd_teacher.py'

load, smpl_edges, crop, corrupt, pack = _base_.train_pipeline
edges = dict(smpl_edges, space='crop')
train_pipeline = [load, crop, edges, corrupt, pack]
val_pipeline = [_base_.val_pipeline[0], _base_.val_pipeline[2], edges, _base_.val_pipeline[3]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

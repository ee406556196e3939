# Table 8, a student with HED's edges: 77.83 / 49.36 / 93.24 mm; without a teacher hed.py.
_base_ = '../sefd_student.py'

model = dict(
    edge=dict(type='mmpose_ext.HEDEdge', checkpoint='data/weights/network-bsds500.pytorch')
)

load, smpl_edges, crop, canny_edges, corrupt, pack = _base_.train_pipeline
train_pipeline = [load, smpl_edges, crop, corrupt, pack]
val_pipeline = [*_base_.val_pipeline[:2], pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

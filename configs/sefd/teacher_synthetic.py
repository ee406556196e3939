# The teacher, which sees the true SMPL edges, on generated people.
#     tools/dist_train.sh configs/sefd/teacher_synthetic.py 2
_base_ = 'baseline_synthetic.py'

model = dict(backbone=dict(in_channels=4))

smpl_edges = dict(type='mmpose_ext.RenderSMPLEdge', body_model=_base_.body_model)
train_pipeline = [_base_.train_pipeline[0], smpl_edges, *_base_.train_pipeline[1:]]
val_pipeline = [_base_.val_pipeline[0], smpl_edges, *_base_.val_pipeline[1:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# 3DCrowdNet that sees the SMPL edges of everybody in the image, hidden ones too: SEFD's teacher.
#     tools/dist_train.sh configs/sefd_teacher.py 2
# Its numbers on a test set use that set's annotated bodies: a bound, not a method.
_base_ = 'sefd_baseline.py'

max_epochs = 22
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [dict(type='MultiStepLR', milestones=[14, 20], gamma=0.1, by_epoch=True)]

model = dict(backbone=dict(in_channels=4))

# As the paper says: at image size, warped with the image, dilated by the person's size. Offline
# maps are `dict(type='mmpose_ext.LoadEdgeMap')` instead.
smpl_edges = dict(type='mmpose_ext.RenderSMPLEdge', body_model=_base_.body_model)
train_pipeline = [_base_.train_pipeline[0], smpl_edges, *_base_.train_pipeline[1:]]
val_pipeline = [_base_.val_pipeline[0], smpl_edges, *_base_.val_pipeline[1:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

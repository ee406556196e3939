# SEFD: a 3DCrowdNet with Canny edges whose features learn from the teacher's.
#     tools/dist_train.sh configs/sefd_teacher.py 2
#     tools/dist_train.sh configs/sefd_student.py 2
# At test time it costs what the baseline costs, and a Canny.
_base_ = 'sefd_baseline.py'

max_epochs = 14
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [dict(type='MultiStepLR', milestones=[10], gamma=0.1, by_epoch=True)]

model = dict(
    type='mmpose_ext.FeatureDistiller',
    backbone=dict(in_channels=4),
    teacher=dict(config='sefd_teacher.py', checkpoint='work_dirs/sefd_teacher/epoch_22.pth'),
    distill=[dict(loss=dict(type='mmpose_ext.LogSoftmaxL1Loss'), stages=(2, 3))],
)

canny_edges = dict(type='mmpose_ext.DetectEdges', method='canny', dilation=5)
smpl_edges = dict(
    type='mmpose_ext.RenderSMPLEdge', key='teacher_edge', body_model=_base_.body_model
)
load, crop, corrupt, pack = _base_.train_pipeline
train_pipeline = [load, smpl_edges, crop, canny_edges, corrupt, pack]
test_load, test_crop, test_pack = _base_.val_pipeline
val_pipeline = [test_load, test_crop, canny_edges, test_pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

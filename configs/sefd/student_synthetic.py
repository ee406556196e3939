# SEFD's student on generated people: Canny edges, features of the teacher.
#     tools/dist_train.sh configs/sefd/teacher_synthetic.py 2
#     tools/dist_train.sh configs/sefd/student_synthetic.py 2
_base_ = 'canny_synthetic.py'

model = dict(
    type='mmpose_ext.FeatureDistiller',
    teacher=dict(
        config='sefd/teacher_synthetic.py',
        checkpoint='work_dirs/teacher_synthetic/epoch_1.pth',
    ),
    distill=[dict(loss=dict(type='mmpose_ext.LogSoftmaxL1Loss'), stages=(2, 3))],
)

smpl_edges = dict(
    type='mmpose_ext.RenderSMPLEdge',
    key='teacher_edge',
    space='crop',
    dilation=3,
    body_model=_base_.body_model,
)
load, crop, canny, corrupt, pack = _base_.train_pipeline
train_pipeline = [load, crop, smpl_edges, canny, corrupt, pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

# The student as SEFD's published code trains and tests it: stage 4 counts twice, the teacher
# normalizes with the statistics of the batch, and Canny's edges are the magnitude of the gradient
# of a grey with red and blue exchanged. The authors report its epoch 10.
_base_ = 'teacher_release.py'

model = dict(
    type='mmpose_ext.FeatureDistiller',
    teacher=dict(
        config='sefd/teacher_release.py', checkpoint='work_dirs/teacher_release/epoch_13.pth'
    ),
    teacher_batch_norm='batch',
    distill=[
        dict(loss=dict(type='mmpose_ext.LogSoftmaxL1Loss'), stages=(2, 3), weights=(1, 2)),
    ],
)

teacher_edges = dict(_base_.smpl_edges, key='teacher_edge')
canny_edges = dict(
    type='mmpose_ext.DetectEdges',
    method='canny',
    dilation=5,
    values='magnitude',
    swapped_gray=True,
)
load, smpl_edges, crop, corrupt, pack = _base_.train_pipeline
train_pipeline = [load, teacher_edges, crop, canny_edges, corrupt, pack]
test_load, smpl_edges, test_crop, test_pack = _base_.val_pipeline
val_pipeline = [test_load, test_crop, canny_edges, test_pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

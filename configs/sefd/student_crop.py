# SEFD, taught by teacher_crop.py.
_base_ = '../sefd_student.py'

model = dict(
    teacher=dict(config='sefd/teacher_crop.py', checkpoint='work_dirs/teacher_crop/epoch_22.pth')
)

edges = dict(_base_.smpl_edges, space='crop')
load, smpl_edges, crop, canny_edges, corrupt, pack = _base_.train_pipeline
train_pipeline = [load, crop, edges, canny_edges, corrupt, pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

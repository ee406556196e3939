# SEFD with the teacher's edge maps from files, see teacher_offline.py; the teacher may have seen
# them drawn or read.
_base_ = '../sefd_student.py'

maps = dict(type='mmpose_ext.LoadEdgeMap', key='teacher_edge', backend_args=_base_.backend_args)
train_pipeline = [_base_.train_pipeline[0], maps, *_base_.train_pipeline[2:]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

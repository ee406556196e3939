# Tables 6 and 7, SEFD's own loss on all stages: 78.26 / 49.85 / 94.22 mm.
_base_ = '../sefd_student.py'

model = dict(
    distill=[dict(loss=dict(type='mmpose_ext.LogSoftmaxL1Loss'), stages=(0, 1, 2, 3))],
)

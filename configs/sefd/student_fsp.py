# Table 6, flow of solution procedure (FSP) from each stage to the next: 79.10 / 50.11 / 95.12 mm.
_base_ = '../sefd_student.py'

model = dict(
    distill=[dict(loss=dict(type='mmpose_ext.FSPLoss'), stages=(0, 1, 2, 3))],
)

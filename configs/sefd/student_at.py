# Table 6, attention transfer (AT), all stages: 78.85 / 49.52 / 94.46 mm.
_base_ = '../sefd_student.py'

model = dict(
    distill=[dict(loss=dict(type='mmpose_ext.AttentionTransferLoss'), stages=(0, 1, 2, 3))],
)

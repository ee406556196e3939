# Table 6, mean absolute difference of the features of all stages: 79.15 / 49.78 / 94.80 mm.
_base_ = '../sefd_student.py'

model = dict(
    distill=[dict(loss=dict(type='mmpose_ext.FeatureL1Loss'), stages=(0, 1, 2, 3))],
)

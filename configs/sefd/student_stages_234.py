# Table 7, the features of stages 2, 3 and 4: 77.88 / 49.15 / 93.43 mm. The paper counts from 1.
_base_ = '../sefd_student.py'

model = dict(distill=[dict(loss=dict(type='mmpose_ext.LogSoftmaxL1Loss'), stages=(1, 2, 3))])

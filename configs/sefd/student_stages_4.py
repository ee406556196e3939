# Table 7, the features of stage 4: 77.92 / 49.50 / 93.77 mm. The paper counts from 1.
_base_ = '../sefd_student.py'

model = dict(distill=[dict(loss=dict(type='mmpose_ext.LogSoftmaxL1Loss'), stages=(3,))])

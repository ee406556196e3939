# Table 8, a student with RCF's edges: 77.72 / 49.07 / 93.14 mm; without a teacher rcf.py.
_base_ = 'student_hed.py'

model = dict(
    edge=dict(type='mmpose_ext.RCFEdge', checkpoint='data/weights/RCFcheckpoint_epoch12.pth')
)

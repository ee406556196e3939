# Table 8, a student with PiDiNet's edges: 77.80 / 49.05 / 93.45 mm; without a teacher pidinet.py.
_base_ = 'student_hed.py'

model = dict(edge=dict(type='mmpose_ext.PiDiNetEdge', checkpoint='data/weights/table5_pidinet.pth'))

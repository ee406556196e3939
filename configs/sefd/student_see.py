# Table 8, a student with the edges of the SMPL edge estimator: 78.87 / 49.47 / 94.56 mm; without a
# teacher see.py.
_base_ = 'student_hed.py'

model = dict(
    edge=dict(type='mmpose_ext.UNetEdge', checkpoint='work_dirs/smpl_edge_estimator/epoch_22.pth')
)

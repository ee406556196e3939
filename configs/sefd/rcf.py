# Table 2, RCF's edges: 79.78 / 49.94 / 95.67 mm. See hed.py.
_base_ = 'hed.py'

model = dict(
    edge=dict(type='mmpose_ext.RCFEdge', checkpoint='data/weights/RCFcheckpoint_epoch12.pth')
)

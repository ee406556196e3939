# Table 2, PiDiNet's edges: 79.78 / 49.88 / 95.76 mm. See hed.py.
_base_ = 'hed.py'

model = dict(edge=dict(type='mmpose_ext.PiDiNetEdge', checkpoint='data/weights/table5_pidinet.pth'))

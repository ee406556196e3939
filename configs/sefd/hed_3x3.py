# Table 2, HED's edges with 3x3 dilation: 80.03 / 50.12 / 96.26 mm.
_base_ = 'hed.py'

model = dict(edge=dict(dilation=3))

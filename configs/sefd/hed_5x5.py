# Table 2, HED's edges with 5x5 dilation: 80.84 / 50.35 / 96.60 mm.
_base_ = 'hed.py'

model = dict(edge=dict(dilation=5))

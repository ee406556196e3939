_base_ = './cspnext_tiny_heatmap.py'

model = dict(
    backbone=dict(deepen_factor=0.67, widen_factor=0.75), neck=dict(in_channels=(96, 192, 384, 768))
)

_base_ = './cspnext_tiny_heatmap.py'

model = dict(
    backbone=dict(deepen_factor=0.33, widen_factor=0.5), neck=dict(in_channels=(64, 128, 256, 512))
)

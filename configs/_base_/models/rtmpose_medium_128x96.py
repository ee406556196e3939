_base_ = './rtmpose_tiny_128x96.py'

model = dict(backbone=dict(deepen_factor=0.67, widen_factor=0.75), head=dict(in_channels=768))

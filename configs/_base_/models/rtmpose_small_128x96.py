_base_ = './rtmpose_tiny_128x96.py'

model = dict(backbone=dict(deepen_factor=0.33, widen_factor=0.5), head=dict(in_channels=512))

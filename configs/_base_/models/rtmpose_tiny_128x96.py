# RTMPose-t at a size that trains on a CPU. The label widths follow RTMPose's rule sqrt(side / 8).
_base_ = './rtmpose_tiny.py'

input_size = (96, 128)
canvas_size = (128, 128)

codec = dict(input_size=input_size, sigma=(3.46, 4.0))

model = dict(
    canvas_size=canvas_size,
    backbone=dict(norm_cfg=dict(type='BN'), init_cfg=None),
    head=dict(input_size=input_size, in_featuremap_size=(3, 4), decoder=codec),
)

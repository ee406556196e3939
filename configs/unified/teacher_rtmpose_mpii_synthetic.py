# The MPII teacher on generated people: a square input as MPII's models have it, trained longer.
_base_ = './rtmpose_t_mpii_synthetic.py'

input_size = (128, 128)
codec = dict(input_size=input_size, sigma=(4.0, 4.0))
model = dict(
    canvas_size=input_size,
    head=dict(input_size=input_size, in_featuremap_size=(4, 4), decoder=codec),
)

train_pipeline = [
    dict(type='mmpose_ext.LoadEncodedImage', backend_args=_base_.backend_args),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmpose_ext.RandomMirror'),
    dict(type='mmpose_ext.RandomBoxTransform', scale_factor=[0.75, 1.25], rotate_factor=30),
    dict(type='mmpose_ext.TopdownAffineCanvas', input_size=input_size),
    dict(type='mmpose_ext.RandomHSV'),
    dict(type='mmpose_ext.RandomBlur', method='mean'),
    dict(type='mmpose_ext.CoarseDropout', prob=0.3),
    dict(
        type='mmpose_ext.GenerateSimCCTarget',
        encoder=dict(_base_.codec, input_size=input_size, sigma=(4.0, 4.0)),
    ),
    dict(type='mmpose_ext.PackUnionInputs'),
]
val_pipeline = [
    dict(type='mmpose_ext.LoadEncodedImage', backend_args=_base_.backend_args),
    dict(type='GetBBoxCenterScale'),
    dict(
        type='mmpose_ext.TopdownAffineCanvas',
        input_size=input_size,
        reduced_decoding=False,
    ),
    dict(type='mmpose_ext.PackUnionInputs'),
]
sources = dict(mpii=dict(box='square'))
train_dataloader = dict(
    sampler=dict(epoch_length=1920),
    dataset=dict(sources=sources, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(sources=sources, pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(sources=sources, pipeline=val_pipeline))

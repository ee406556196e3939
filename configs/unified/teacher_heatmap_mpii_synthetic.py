# The MPII teacher on generated people: as the COCO teacher, on squares as MPII's models have them.
_base_ = './teacher_heatmap_coco_synthetic.py'

skeleton = 'mpii16'
input_size = (128, 128)
codec = dict(input_size=input_size, heatmap_size=(32, 32))
model = dict(head=dict(out_channels=16, decoder=codec, init_cfg=dict(target=skeleton)))

square_steps = {
    'mmpose_ext.TopdownAffineCanvas': dict(input_size=input_size),
    'GenerateTarget': dict(encoder=dict(_base_.codec, **codec)),
}
train_pipeline = [
    dict(step, **square_steps.get(step['type'], {})) for step in _base_.train_pipeline
]
val_pipeline = [dict(step, **square_steps.get(step['type'], {})) for step in _base_.val_pipeline]
sources = dict(mpii=dict(box='square'))
train_dataloader = dict(
    sampler=dict(ratios=dict(coco=0, mpii=1)),
    dataset=dict(skeleton=skeleton, sources=sources, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(skeleton=skeleton, sources=sources, pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(skeleton=skeleton, sources=sources, pipeline=val_pipeline))
val_evaluator = dict(skeleton=skeleton)
test_evaluator = dict(skeleton=skeleton)

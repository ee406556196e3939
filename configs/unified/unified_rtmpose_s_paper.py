# The paper's choices where ours differ: the MPII teacher sees the student's input stretched to a
# square, every joint is distilled, also those that are labelled, and the sources are simply
# concatenated.
_base_ = '../unified_rtmpose_s.py'

model = dict(
    preset='paper',
    canvas_size=_base_.codec.input_size,
    teachers=dict(coco=dict(mask='all'), mpii=dict(mask='all', adapter='stretch')),
)

train_pipeline = [
    dict(step, canvas_size=None) if step.type == 'mmpose_ext.TopdownAffineCanvas' else step
    for step in _base_.train_pipeline
]
train_pipeline_stage2 = [
    dict(step, canvas_size=None) if step.type == 'mmpose_ext.TopdownAffineCanvas' else step
    for step in _base_.train_pipeline_stage2
]
train_dataloader = dict(
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True),
    # MMPose 1.x reads MPII's 1-based joints as if they were 0-based.
    dataset=dict(sources=dict(mpii=dict(one_based=False, box='square')), pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(sources=dict(mpii=dict(box='square'))))
test_dataloader = dict(dataset=dict(sources=dict(mpii=dict(box='square'))))
custom_hooks = [
    dict(hook, switch_pipeline=train_pipeline_stage2) if 'switch_pipeline' in hook else hook
    for hook in _base_.custom_hooks
]

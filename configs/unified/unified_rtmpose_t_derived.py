# COCO's pelvis and thorax are labelled as the midpoints of hips and shoulders, which is what
# MPII's are.
_base_ = '../unified_rtmpose_t.py'

train_dataloader = dict(dataset=dict(sources=dict(coco=dict(derive=True))))

# Canny edges without distillation, what the student is compared with, on generated people.
_base_ = 'baseline_synthetic.py'

model = dict(backbone=dict(in_channels=4))

canny_edges = dict(type='mmpose_ext.DetectEdges', method='canny', dilation=3)
load, crop, corrupt, pack = _base_.train_pipeline
train_pipeline = [load, crop, canny_edges, corrupt, pack]
test_load, test_crop, test_pack = _base_.val_pipeline
val_pipeline = [test_load, test_crop, canny_edges, test_pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

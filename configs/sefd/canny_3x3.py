# Table 2, Canny edges with 3x3 dilation: 79.87 / 49.86 / 95.22 mm.
_base_ = 'canny_5x5.py'

edges = dict(_base_.edges, dilation=3)
train_pipeline = [*_base_.train_pipeline[:2], edges, *_base_.train_pipeline[3:]]
val_pipeline = [*_base_.val_pipeline[:2], edges, *_base_.val_pipeline[3:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# Table 2, Canny edges with 9x9 dilation: 80.45 / 49.72 / 95.90 mm.
_base_ = 'canny_5x5.py'

edges = dict(_base_.edges, dilation=9)
train_pipeline = [*_base_.train_pipeline[:2], edges, *_base_.train_pipeline[3:]]
val_pipeline = [*_base_.val_pipeline[:2], edges, *_base_.val_pipeline[3:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

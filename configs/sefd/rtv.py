# Table 2, RTV, 79.94 / 50.06 / 95.11 mm: texture is smoothed away, then Canny finds the edges. The
# authors smooth offline, and feed what is left of the image itself. Half a second per crop.
_base_ = 'canny_5x5.py'

edges = dict(_base_.edges, method='rtv', dilation=0)
train_pipeline = [*_base_.train_pipeline[:2], edges, *_base_.train_pipeline[3:]]
val_pipeline = [*_base_.val_pipeline[:2], edges, *_base_.val_pipeline[3:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

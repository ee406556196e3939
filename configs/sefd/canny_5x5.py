# Table 2, Canny edges with 5x5 dilation and no distillation: 79.16 / 49.88 / 94.84 mm (MPJPE,
# PA-MPJPE and MPVPE on 3DPW, as in all rows). What SEFD's student is compared with.
_base_ = '../sefd_baseline.py'

model = dict(backbone=dict(in_channels=4))

edges = dict(type='mmpose_ext.DetectEdges', method='canny', dilation=5)
train_pipeline = [*_base_.train_pipeline[:2], edges, *_base_.train_pipeline[2:]]
val_pipeline = [*_base_.val_pipeline[:2], edges, *_base_.val_pipeline[2:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# The teacher as SEFD's published code trains and tests it: edges are the magnitude of the gradient,
# dilated by another table, MuCo's samples come twice, and boxes in testing are the true ones.
_base_ = 'baseline_release.py'

model = dict(backbone=dict(in_channels=4))

smpl_edges = dict(
    type='mmpose_ext.RenderSMPLEdge',
    dilation='release',
    values='magnitude',
    body_model=_base_.body_model,
)
train_pipeline = [_base_.train_pipeline[0], smpl_edges, *_base_.train_pipeline[1:]]
val_pipeline = [_base_.val_pipeline[0], smpl_edges, *_base_.val_pipeline[1:]]

groups = [[_base_.h36m, _base_.muco, _base_.muco], [_base_.coco, _base_.mpii]]
train_dataloader = dict(dataset=dict(groups=groups, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(bbox_source='gt', pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(bbox_source='gt', pipeline=val_pipeline))

# Their epochs 1 to 13 of "14", with the rate divided at 10.
train_cfg = dict(max_epochs=13)
optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[9], gamma=0.1, by_epoch=True)]

# The baseline as SEFD's published code trains it, on Human3.6M and COCO alone. Takes checkpoints of
# the authors, converted by tools/model_converters/convert_crowdnet.py. Their code tests this one
# with the boxes of the 2D poses, teacher and student with the true ones.
_base_ = '../sefd_baseline.py'

model = dict(
    position_head=dict(bin_centers=False),
    mesh_head=dict(root_bias=(0, 0, 0, 0, 0, 0), camera_bias=(0, 0, 0)),
    pose_prior=dict(
        type='mmpose_ext.VPoserDecoder', checkpoint='data/body_models/vposer/TR00_E096.pt'
    ),
    loss=dict(reduction='all', pose='axis_angle'),
)

load, crop, corrupt, pack = _base_.train_pipeline
train_pipeline = [
    load,
    dict(crop, reduced_decoding=False),
    dict(corrupt, pelvis='clean'),
    pack,
]
(h36m, muco), (coco, mpii) = _base_.train_dataloader.dataset.groups
train_dataloader = dict(dataset=dict(groups=[[h36m], [coco]], pipeline=train_pipeline))

# Their epochs 1 to 19 of "20", with the rate divided at 10 and 15.
train_cfg = dict(max_epochs=19)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [dict(type='MultiStepLR', milestones=[9, 14], gamma=0.1, by_epoch=True)]

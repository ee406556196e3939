# The baseline on generated people, sized for a CPU.
#     python tools/make_synthetic.py mesh --out data/synthetic_mesh
#     tools/dist_train.sh configs/sefd/baseline_synthetic.py 2
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/crowdnet_cspnext_tiny_96x96.py',
]

data_root = 'data/synthetic_mesh/'
dataset_type = 'mmpose_ext.PW3DMesh'
body_model = 'standin'
pretrained = '{{ fileDirname }}/../unified/cspnext_t_synthetic.pth'

model = dict(
    backbone=dict(
        backbone=dict(init_cfg=dict(type='Pretrained', prefix='backbone.', checkpoint=pretrained))
    ),
    neck=dict(init_cfg=dict(type='Pretrained', prefix='neck.', checkpoint=pretrained)),
    # A joint's volume begins as its pretrained heatmap at every depth.
    position_head=dict(
        init_cfg=dict(
            type='mmpose_ext.PretrainedKeypoints',
            checkpoint=pretrained,
            source='union21',
            target='graph15',
            aliases=dict(upper_neck='neck'),
            prefix='head.final_layer.',
            layer='conv',
        )
    ),
)

train_pipeline = [
    dict(type='mmpose_ext.LoadEncodedImage', backend_args=_base_.backend_args),
    dict(type='mmpose_ext.MeshTopdownAffine', input_size=_base_.input_size),
    dict(type='mmpose_ext.CorruptPose2D'),
    dict(type='mmpose_ext.PackMeshInputs'),
]
val_pipeline = [
    dict(type='mmpose_ext.LoadEncodedImage', backend_args=_base_.backend_args),
    dict(
        type='mmpose_ext.MeshTopdownAffine',
        input_size=_base_.input_size,
        scale=0.0,
        rotate_prob=0.0,
        flip_prob=0.0,
        color=0.0,
        reduced_decoding=False,
    ),
    dict(type='mmpose_ext.PackMeshInputs'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    worker_init_fn=dict(type='mmpose_ext.seed_worker'),
    # A last batch of one sample would have no batch statistics.
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmpose_ext.BalancedMixedDataset',
        pipeline=train_pipeline,
        groups=[
            [
                dict(
                    type='mmpose_ext.Human36MMesh',
                    data_root=data_root + 'Human36M/',
                    data_prefix=dict(img='images/'),
                    body_model=body_model,
                )
            ],
            [
                dict(
                    type='mmpose_ext.CocoMesh',
                    data_root=data_root + 'MSCOCO/',
                    ann_file='annotations/person_keypoints_train2017.json',
                    smpl_file='annotations/MSCOCO_train_SMPL_NeuralAnnot.json',
                    data_prefix=dict(img='images/train2017/'),
                    body_model=body_model,
                )
            ],
        ],
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        subset='test',
        data_root=data_root + 'PW3D/data/',
        data_prefix=dict(img='imageFiles/'),
        bbox_source='pose2d',
        body_model=body_model,
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmpose_ext.MeshMetric', body_model=body_model)
test_evaluator = val_evaluator

max_epochs = 1
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=max_epochs)
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=0)

base_lr = 1e-3
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=base_lr, weight_decay=0.05, fused=True),
    paramwise_cfg=dict(
        norm_decay_mult=0,
        bias_decay_mult=0,
        bypass_duplicate=True,
        # What is new learns faster than what is pretrained; the fusion begins as nothing at all.
        custom_keys={'backbone.fusion': dict(lr_mult=10), 'mesh_head': dict(lr_mult=3)},
    ),
    clip_grad=dict(max_norm=10, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.02,
        begin=0,
        end=max_epochs,
        T_max=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]

visualizer = dict(type='mmpose_ext.MeshVisualizer', body_model=dict(path=body_model))
default_hooks = dict(
    checkpoint=dict(interval=1),
    visualization=dict(type='mmpose_ext.MeshVisualizationHook', enable=False),
    curves=dict(metrics=['*MPJPE', '*MPVPE']),
)
custom_hooks = [*_base_.custom_hooks, dict(type='mmpose_ext.ChannelsLastHook')]

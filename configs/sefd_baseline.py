# 3DCrowdNet without edges, the baseline of SEFD's Table 2:
#     tools/dist_train.sh configs/sefd_baseline.py 2
_base_ = [
    '_base_/default_runtime.py',
    '_base_/schedules/mesh_adam.py',
    '_base_/models/crowdnet_resnet50.py',
    '_base_/datasets/mesh_mixed.py',
]

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

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

visualizer = dict(type='mmpose_ext.MeshVisualizer')
default_hooks = dict(
    checkpoint=dict(interval=1, save_best='all/PA-MPJPE', rule='less'),
    visualization=dict(type='mmpose_ext.MeshVisualizationHook', enable=False),
    curves=dict(metrics=['*MPJPE', '*MPVPE']),
)

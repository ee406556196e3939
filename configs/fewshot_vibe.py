# VIBE on features of SPIN's network, without 3DPW in training.
#     tools/dist_train.sh configs/fewshot_vibe.py 2
# How clips, features and weights are made: projects/fewshot/README.md. On one GPU,
# fewshot/vibe_paper.py has the published batch.
_base_ = [
    '_base_/default_runtime.py',
    '_base_/schedules/vibe_15k.py',
    '_base_/models/vibe.py',
    '_base_/datasets/video_3dhp_penn_3dpw.py',
]

train_cfg = dict(max_iters=_base_.max_iters, val_interval=_base_.val_interval)
log_processor = dict(by_epoch=False)
default_hooks = dict(
    checkpoint=dict(
        by_epoch=False, interval=_base_.val_interval, save_best='all/PA-MPJPE', rule='less'
    ),
    visualization=dict(type='mmpose_ext.VideoMeshVisualizationHook', enable=False),
    curves=dict(metrics=['*MPJPE', '*PVE', '*ACCEL*']),
)

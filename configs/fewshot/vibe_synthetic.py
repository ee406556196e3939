# VIBE on generated videos, sized for a CPU.
#     python tools/make_synthetic.py video --out data/synthetic_video
# then clips and features, as tools/demo_fewshot.py makes them, and
#     tools/dist_train.sh configs/fewshot/vibe_synthetic.py 2
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/vibe_15k.py',
    '../_base_/models/vibe_small.py',
    '../_base_/datasets/video_synthetic.py',
]

max_iters = 300
base_lr = 2e-4
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(
    generator=dict(optimizer=dict(lr=base_lr), clip_grad=dict(max_norm=35, norm_type=2)),
    discriminator=dict(optimizer=dict(lr=base_lr)),
)
# Too short to wait for a validation error that stands still.
warmup = dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=30)
cosine = dict(
    type='CosineAnnealingLR',
    eta_min=base_lr * 0.02,
    begin=0,
    end=max_iters,
    T_max=max_iters,
    by_epoch=False,
)
param_scheduler = dict(generator=[warmup, cosine], discriminator=[warmup, cosine])

log_processor = dict(by_epoch=False)
default_hooks = dict(
    checkpoint=dict(by_epoch=False, interval=100),
    visualization=dict(
        type='mmpose_ext.VideoMeshVisualizationHook',
        enable=False,
        body_model=dict(path=_base_.body_model),
    ),
    curves=dict(interval=10, metrics=['*MPJPE', '*PVE', '*ACCEL*']),
)

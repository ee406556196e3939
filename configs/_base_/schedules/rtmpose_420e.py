# RTMPose's schedule as the unified-skeleton paper (arXiv 2405.20084, 4.2) takes it over: 420
# epochs of AdamW, flat to the half, cosine to the end, weaker augmentation in the last 30 epochs.
max_epochs = 420
stage2_num_epochs = 30
base_lr = 4e-3

train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=10)
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=21)

# The joint and the distilled training share the clipping, otherwise their difference measures it
# as well.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=base_lr, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0, bypass_duplicate=True),
    clip_grad=dict(max_norm=35, norm_type=2),
)

param_scheduler = [
    # 1,000 iterations; the factor multiplies the learning rate.
    dict(type='LinearLR', start_factor=1e-5, by_epoch=False, begin=0, end=1000),
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.05,
        begin=max_epochs // 2,
        end=max_epochs,
        T_max=max_epochs // 2,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]

# The learning rate belongs to this batch size in RTMPose (8 GPUs x 128 or more); the paper keeps
# it at 256. `--auto-scale-lr` scales it by the true batch size.
auto_scale_lr = dict(base_batch_size=1024)

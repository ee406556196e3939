# Pretrains CSPNeXt-tiny on heatmaps of generated people, as RTMPose's authors pretrain their
# backbones on heatmaps of real ones: from scratch, SimCC heads do not leave the mean pose within
# a CPU's patience.
#     python tools/make_synthetic.py pretrain --size full --seed 1
#     python tools/dataset_converters/crop_people.py --out data/synthetic_pretrain_crops \
#         --ann-file data/synthetic_pretrain/annotations/union21_train.json \
#         --img-dir data/synthetic_pretrain/images
#     tools/dist_train.sh configs/unified/pretrain_cspnext_t_synthetic.py 2 --amp
#     tools/dist_train.sh configs/unified/pretrain_more_cspnext_t_synthetic.py 2 --amp
#     python tools/train.py configs/unified/pretrain_last_cspnext_t_synthetic.py --amp
# The last on a GPU; its file says how to do without. On processors that have no matrix units for
# bfloat16 (`amx_bf16` in /proc/cpuinfo) without --amp.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/cspnext_tiny_heatmap.py',
]

dataset_type = 'mmpose_ext.UnionDataset'
data_root = 'data/synthetic_pretrain_crops/'

train_pipeline = [
    dict(type='mmpose_ext.LoadEncodedImage', backend_args=_base_.backend_args),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmpose_ext.RandomMirror'),
    dict(type='mmpose_ext.RandomBoxTransform', scale_factor=[0.75, 1.25], rotate_factor=30),
    dict(type='mmpose_ext.TopdownAffineCanvas', input_size=_base_.codec.input_size, use_udp=True),
    dict(type='mmpose_ext.RandomHSV'),
    dict(type='mmpose_ext.RandomBlur'),
    dict(type='mmpose_ext.CoarseDropout', prob=0.3),
    dict(type='GenerateTarget', encoder=_base_.codec),
    dict(type='PackPoseInputs'),
]
# Accuracies of batches are computed in NumPy, which has no bfloat16.
model = dict(train_cfg=dict(compute_acc=False))

# Two processes keep two cores busy; a worker each would take a fifth more time (0.33 s per
# iteration in place of 0.28 s).
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(
        type='mmpose_ext.SourceRatioSampler',
        batch_size=32,
        ratios=dict(generated=1),
        epoch_length=12800,
    ),
    dataset=dict(
        type=dataset_type,
        skeleton='union21',
        sources=dict(
            generated=dict(
                skeleton='union21',
                dataset=dict(
                    type='CocoDataset',
                    data_root=data_root,
                    data_mode='topdown',
                    ann_file='annotations/union21_train.json',
                    data_prefix=dict(img='images/'),
                ),
            )
        ),
        pipeline=train_pipeline,
    ),
)

max_epochs = 80
flat_epochs = 30
base_lr = 2e-3
train_cfg = dict(by_epoch=True, max_epochs=max_epochs)
randomness = dict(seed=0)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=base_lr, weight_decay=0.05, fused=True),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0, bypass_duplicate=True),
    clip_grad=dict(max_norm=35, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=200),
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.02,
        begin=flat_epochs,
        end=max_epochs,
        T_max=max_epochs - flat_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
custom_hooks = [*_base_.custom_hooks, dict(type='mmpose_ext.ChannelsLastHook')]

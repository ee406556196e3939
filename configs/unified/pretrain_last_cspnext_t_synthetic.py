# Goes on from pretrain_more_cspnext_t_synthetic.py with larger batches, on a GPU and 16 cores:
#     python tools/train.py configs/unified/pretrain_last_cspnext_t_synthetic.py --amp
# or on two cores:
#     tools/dist_train.sh configs/unified/pretrain_last_cspnext_t_synthetic.py 2 --cfg-options \
#         train_dataloader.batch_size=128 train_dataloader.sampler.batch_size=128 \
#         train_dataloader.num_workers=0 train_dataloader.persistent_workers=False
_base_ = './pretrain_more_cspnext_t_synthetic.py'

load_from = 'work_dirs/pretrain_more_cspnext_t_synthetic/epoch_36.pth'
train_dataloader = dict(
    batch_size=256,
    num_workers=15,
    persistent_workers=True,
    collate_fn=dict(type='mmpose_ext.packed_collate'),
    sampler=dict(batch_size=256, epoch_length=51200),
)

# Stops when the learning rate has come down to a seventh.
max_epochs = 17
cosine_epochs = 22
base_lr = 2e-3
train_cfg = dict(max_epochs=max_epochs)
randomness = dict(seed=2)
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(
        _base_.param_scheduler[1],
        eta_min=base_lr * 0.02,
        end=cosine_epochs,
        T_max=cosine_epochs - 1,
    ),
]

# Goes on from pretrain_cspnext_t_synthetic.py, with half its learning rate and the same people.
#     tools/dist_train.sh configs/unified/pretrain_more_cspnext_t_synthetic.py 2 --amp
_base_ = './pretrain_cspnext_t_synthetic.py'

load_from = 'work_dirs/pretrain_cspnext_t_synthetic/epoch_80.pth'
max_epochs = 36
base_lr = 1e-3
train_cfg = dict(max_epochs=max_epochs)
randomness = dict(seed=1)
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=200),
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.02,
        begin=1,
        end=max_epochs,
        T_max=max_epochs - 1,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]

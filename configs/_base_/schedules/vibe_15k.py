# VIBE's schedule: 15,000 steps, and learning rates that fall when the validation error does not.
max_iters = 15000
val_interval = 500
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=0)

optim_wrapper = dict(
    constructor='mmpose_ext.GANOptimWrapperConstructor',
    generator=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-5)),
    discriminator=dict(
        type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4, weight_decay=1e-4)
    ),
)
plateau = dict(
    type='ReduceOnPlateauLR', monitor='all/PA-MPJPE', rule='less', factor=0.1, patience=5
)
param_scheduler = dict(generator=[plateau], discriminator=[plateau])
# Generator and discriminator are updated by turns.
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')

# SEFD's schedule (supplement, section 1): Adam at 1e-4 with batches of 64, ten epochs without
# distillation. Configs change the lengths.
max_epochs = 10
milestones = [6, 8]
base_lr = 1e-4

train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=0)

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=base_lr))
param_scheduler = [dict(type='MultiStepLR', milestones=milestones, gamma=0.1, by_epoch=True)]
auto_scale_lr = dict(base_batch_size=64)

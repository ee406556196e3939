# Table 1 (3DPW validation), include nearby, skip 3, w = 1.0: 92.5125 / 60.1324 / 118.1193 mm,
# acceleration 28.5850. Table 2 (test): 94.0630 / 56.5464 / 113.6545 mm, 24.5778.
_base_ = 'metric_thesis.py'

thesis = dict(_base_.thesis, strategy='include_nearby', skip_step=3, loss_weight=1.0)
model = dict(
    metric_losses=[dict(feature='encoder', loss=thesis), dict(feature='joints', loss=thesis)]
)

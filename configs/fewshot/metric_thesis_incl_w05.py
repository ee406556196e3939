# Table 1 (3DPW validation), include nearby, skip 3, w = 0.5: 96.5314 / 60.7599 / 118.7517 mm,
# acceleration 28.7588.
_base_ = 'metric_thesis.py'

thesis = dict(_base_.thesis, strategy='include_nearby', skip_step=3, loss_weight=0.5)
model = dict(
    metric_losses=[dict(feature='encoder', loss=thesis), dict(feature='joints', loss=thesis)]
)

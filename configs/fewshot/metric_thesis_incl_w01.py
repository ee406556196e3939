# Table 1 (3DPW validation), include nearby, skip 3, w = 0.1: 94.8721 / 61.0294 / 117.8031 mm,
# acceleration 30.4547.
_base_ = 'metric_thesis.py'

thesis = dict(_base_.thesis, strategy='include_nearby', skip_step=3, loss_weight=0.1)
model = dict(
    metric_losses=[dict(feature='encoder', loss=thesis), dict(feature='joints', loss=thesis)]
)

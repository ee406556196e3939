# Table 1 (3DPW validation), include nearby, skip 5, w = 0.5: 95.7067 / 61.3537 / 122.7755 mm,
# acceleration 30.4942.
_base_ = 'metric_thesis.py'

thesis = dict(_base_.thesis, strategy='include_nearby', skip_step=5, loss_weight=0.5)
model = dict(
    metric_losses=[dict(feature='encoder', loss=thesis), dict(feature='joints', loss=thesis)]
)

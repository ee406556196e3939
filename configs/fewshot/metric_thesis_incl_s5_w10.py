# Table 1 (3DPW validation), include nearby, skip 5, w = 1.0: 97.0412 / 61.3988 / 122.1917 mm,
# acceleration 30.2956.
_base_ = 'metric_thesis.py'

thesis = dict(_base_.thesis, strategy='include_nearby', skip_step=5, loss_weight=1.0)
model = dict(
    metric_losses=[dict(feature='encoder', loss=thesis), dict(feature='joints', loss=thesis)]
)

# Table 1 (3DPW validation), exclude nearby, skip 3, w = 0.1: 92.4542 / 60.7224 / 116.7338 mm,
# acceleration 29.3358. Table 2 (test): 94.8115 / 56.8036 / 114.71 mm, 25.4694.
_base_ = 'metric_thesis.py'

thesis = dict(_base_.thesis, strategy='exclude_nearby', skip_step=3, loss_weight=0.1)
model = dict(
    metric_losses=[dict(feature='encoder', loss=thesis), dict(feature='joints', loss=thesis)]
)

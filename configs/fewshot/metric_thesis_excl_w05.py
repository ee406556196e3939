# Table 1 (3DPW validation), exclude nearby, skip 3, w = 0.5: 93.3917 / 60.6369 / 113.4797 mm,
# acceleration 27.1980. Table 2 (test): 97.5705 / 56.4835 / 114.8364 mm, 23.4336.
_base_ = 'metric_thesis.py'

thesis = dict(_base_.thesis, strategy='exclude_nearby', skip_step=3, loss_weight=0.5)
model = dict(
    metric_losses=[dict(feature='encoder', loss=thesis), dict(feature='joints', loss=thesis)]
)

# Table 1 (3DPW validation), exclude nearby, skip 3, w = 0.2: 93.8174 / 60.8965 / 123.2773 mm,
# acceleration 31.3126.
_base_ = 'metric_thesis.py'

thesis = dict(_base_.thesis, strategy='exclude_nearby', skip_step=3, loss_weight=0.2)
model = dict(
    metric_losses=[dict(feature='encoder', loss=thesis), dict(feature='joints', loss=thesis)]
)

# Table 4, Metric with w = 1 and 50 shots: 91.0386 / 54.5306 / 106.8656 mm, acceleration 26.9931.
# The losses of Algorithm 1 beside the supervised ones; with `metric_weight=0` it is the other arm.
_base_ = '../fewshot_adapt.py'

metric_loss = dict(type='mmpose_ext.CrossDomainMetricLoss', pos_frac=0.3, neg_frac=0.3)
model = dict(
    metric_weight=1.0,
    candidate='random_frame',
    cross_domain_losses=[
        dict(feature='encoder', loss=metric_loss),
        dict(feature='joints', loss=metric_loss),
    ],
)

# The same adaptation with the cross-domain metric loss.
_base_ = 'adapt_synthetic.py'

metric_loss = dict(type='mmpose_ext.CrossDomainMetricLoss', loss_weight=1.0)
model = dict(
    candidate='all_frames',
    cross_domain_losses=[
        dict(feature='encoder', loss=metric_loss),
        dict(feature='joints', loss=metric_loss),
    ],
)

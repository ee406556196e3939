# VIBE with the metric loss on generated videos.
_base_ = 'vibe_synthetic.py'

metric_loss = dict(
    type='mmpose_ext.InBatchTripletMetricLoss', strategy='include_nearby', loss_weight=1.0
)
model = dict(
    metric_losses=[
        dict(feature='encoder', loss=metric_loss),
        dict(feature='joints', loss=metric_loss),
    ]
)

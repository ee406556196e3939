# VIBE with the metric loss: distances between features of frames follow those between their poses.
# For what the encoder returns, and for the predicted joints.
#     tools/dist_train.sh configs/fewshot_metric.py 2
_base_ = 'fewshot_vibe.py'

metric_loss = dict(
    type='mmpose_ext.InBatchTripletMetricLoss',
    form='log_ratio',
    strategy='include_nearby',
    skip_step=3,
    loss_weight=1.0,
)
model = dict(
    metric_losses=[
        dict(feature='encoder', loss=metric_loss),
        dict(feature='joints', loss=metric_loss),
    ]
)

# What the rows "Metric" of Tables 1 to 3 share: eq. 2 as printed, summed over the anchors of VIBE's
# published batch, clips of the same video among the negatives. This one is exclude nearby, skip 3,
# w = 0.5; the weights of other reductions do not compare.
_base_ = 'vibe_paper.py'

thesis = dict(
    type='mmpose_ext.InBatchTripletMetricLoss',
    form='thesis',
    strategy='exclude_nearby',
    skip_step=3,
    negative_scope='clip',
    anchor_reduction='sum',
    loss_weight=0.5,
)
model = dict(
    metric_losses=[dict(feature='encoder', loss=thesis), dict(feature='joints', loss=thesis)]
)

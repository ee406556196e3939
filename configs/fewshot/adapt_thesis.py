# Adaptation with eq. 2 as printed: the nearest 30 % of the source frames are drawn to the shot's,
# the farthest 30 % pushed away, whatever the distances of their poses. Its sum over anchors depends
# on the number of processes, so this is for one:
#     python tools/train.py configs/fewshot/adapt_thesis.py
_base_ = 'adapt_metric.py'

metric_loss = dict(_base_.metric_loss, form='thesis', anchor_reduction='sum')
model = dict(
    # VIBE's file of 3DPW has the betas of men and women, for its neutral body.
    gendered_betas=True,
    cross_domain_losses=[
        dict(feature='encoder', loss=metric_loss),
        dict(feature='joints', loss=metric_loss),
    ],
)
train_dataloader = dict(batch_size=128)

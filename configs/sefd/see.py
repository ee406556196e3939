# Table 3, edges of the SMPL edge estimator: 81.19 / 50.67 / 96.98 mm. It comes first:
#     tools/dist_train.sh configs/sefd/smpl_edge_estimator.py 2
# The authors' own serves as well:
#     --cfg-options model.edge.checkpoint=data/weights/checkpoint_epoch64.pth
_base_ = '../sefd_baseline.py'

model = dict(
    backbone=dict(in_channels=4),
    edge=dict(type='mmpose_ext.UNetEdge', checkpoint='work_dirs/smpl_edge_estimator/epoch_22.pth'),
)

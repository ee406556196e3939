# Table 2, HED's edges: 79.53 / 49.91 / 95.09 mm. Found on the device, in the batch.
#     python tools/check_data.py sefd --datasets 'edge detectors'
# says where the weights are from. The authors normalize the images otherwise than HED was trained:
#     --cfg-options model.edge.preprocessing=published
_base_ = '../sefd_baseline.py'

model = dict(
    backbone=dict(in_channels=4),
    edge=dict(type='mmpose_ext.HEDEdge', checkpoint='data/weights/network-bsds500.pytorch'),
)

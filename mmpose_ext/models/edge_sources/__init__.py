"""Edge detectors that run on the batch, or offline on whole images, and the estimator to train."""

from mmpose_ext.models.edge_sources.edge_source import EdgeSource
from mmpose_ext.models.edge_sources.hed_edge import HEDEdge
from mmpose_ext.models.edge_sources.mask_boundary import MaskBoundarySource, mask_boundaries
from mmpose_ext.models.edge_sources.pidinet_edge import PiDiNetEdge
from mmpose_ext.models.edge_sources.rcf_edge import RCFEdge
from mmpose_ext.models.edge_sources.smpl_edge_estimator import SMPLEdgeEstimator
from mmpose_ext.models.edge_sources.unet_edge import UNetEdge

__all__ = [
    'EdgeSource',
    'HEDEdge',
    'MaskBoundarySource',
    'PiDiNetEdge',
    'RCFEdge',
    'SMPLEdgeEstimator',
    'UNetEdge',
    'mask_boundaries',
]

from mmpose_ext.models.pose_priors.rot6d_prior import Rot6DPrior
from mmpose_ext.models.pose_priors.vposer_decoder import VPoserDecoder

__all__ = ['Rot6DPrior', 'VPoserDecoder']

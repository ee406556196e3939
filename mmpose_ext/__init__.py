"""Multi-dataset, occlusion-robust and few-shot human pose estimation for MMPose 1.x."""

from mmpose_ext import compat
from mmpose_ext.config_path import cfg
from mmpose_ext.version import __version__

compat.apply()

__all__ = ['__version__', 'cfg']

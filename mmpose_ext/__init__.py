"""Multi-dataset, occlusion-robust and few-shot human pose estimation for MMPose 1.x."""

from mmpose_ext.version import __version__

__all__ = ['__version__']

from mmpose_ext.models.segmentors.foreground_segmentor import (
    ForegroundSegmentor,
    foreground_probability,
)
from mmpose_ext.models.segmentors.frozen_segmentor import FrozenSegmentor

__all__ = ['ForegroundSegmentor', 'FrozenSegmentor', 'foreground_probability']

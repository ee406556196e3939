"""Codecs: how keypoints become labels of a network, and its output keypoints."""

from mmpose_ext.codecs.softmax_heatmap import SoftmaxHeatmap

__all__ = ['SoftmaxHeatmap']

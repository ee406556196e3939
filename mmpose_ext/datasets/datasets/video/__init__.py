from mmpose_ext.datasets.datasets.video.feature_manifest import FeatureManifest, rows_crc32

__all__ = [
    'FeatureManifest',
    'rows_crc32',
]

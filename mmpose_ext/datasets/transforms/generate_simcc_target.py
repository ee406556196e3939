import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import KEYPOINT_CODECS

from mmpose_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class GenerateSimCCTarget(BaseTransform):
    """Gaussian SimCC labels, the same as MMPose's ``GenerateTarget`` with ``SimCCLabel``, for all
    keypoints at once.

    Centres of the labels are rounded to bins, so each label is a stretch of one Gaussian that is
    computed once.

    Required Keys:
        - transformed_keypoints
        - keypoints_visible

    Added Keys:
        - keypoint_x_labels, keypoint_y_labels: shapes (1, K, W) and (1, K, H), zero for invisible
        keypoints.
        - keypoint_weights: shape (1, K), the visibility; 0 where the Gaussian is wholly outside.
        - keypoints_visible_weights: shape (1, K), if visibilities come with weights.
        - label_mapping_table

    Args:
        encoder: Config of a ``SimCCLabel`` with Gaussian smoothing.

    Raises:
        ValueError: If the encoder is of another kind.
    """

    def __init__(self, encoder: dict) -> None:
        if (
            encoder.get('type') != 'SimCCLabel'
            or encoder.get('smoothing_type', 'gaussian') != 'gaussian'
        ):
            raise ValueError(
                f'encoder got {encoder}, expected a SimCCLabel with Gaussian smoothing'
            )
        self.encoder = encoder
        self.codec = KEYPOINT_CODECS.build(encoder)
        self.split_ratio = self.codec.simcc_split_ratio
        self.tables = [self._table(axis) for axis in (0, 1)]

    def transform(self, results: dict) -> dict:
        """Make the labels."""
        visible = results['keypoints_visible']
        if visible.ndim == 3:
            results['keypoints_visible_weights'] = visible[..., 1]
            visible = results['keypoints_visible'] = visible[..., 0]
        centres = np.around(results['transformed_keypoints'] * self.split_ratio).astype(np.int64)
        labelled = visible >= 0.5
        inside = np.ones_like(labelled)
        for (_, bins, reach), axis in zip(self.tables, (0, 1)):
            inside &= (centres[..., axis] - reach < bins) & (centres[..., axis] + reach + 1 >= 0)
        drawn = labelled & inside
        for (windows, bins, reach), axis, name in zip(self.tables, (0, 1), 'xy'):
            first = bins - 1 + int(reach) + 1 - centres[..., axis]
            results[f'keypoint_{name}_labels'] = windows[np.where(drawn, first, -1)]
        results['keypoint_weights'] = np.where(labelled & ~inside, 0, visible).astype(np.float32)
        results['label_mapping_table'] = self.codec.label_mapping_table
        return results

    def _table(self, axis: int) -> tuple[np.ndarray, int, float]:
        """All labels of an axis as windows of one Gaussian, their length, the Gaussian's reach."""
        sigma = float(self.codec.sigma[axis])
        bins = int(np.around(self.codec.input_size[axis] * self.split_ratio))
        reach = 3 * sigma
        margin = int(reach) + 1
        # A label whose centre is c holds the Gaussian at the distances -c to bins - 1 - c, and c
        # may lie outside by the margin.
        distances = np.arange(-(bins - 1 + margin), bins + margin)
        gaussian = np.exp(-(distances**2) / (2 * sigma**2))
        if self.codec.normalize:
            gaussian /= sigma * np.sqrt(2 * np.pi)
        # The last window is that of a keypoint without a label.
        gaussian = np.concatenate([gaussian, np.zeros(bins)]).astype(np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(gaussian, bins)
        return windows, bins, reach

    def __repr__(self) -> str:
        return f'{type(self).__name__}(encoder={self.encoder})'

import numpy as np
from mmpose.codecs import UDPHeatmap
from scipy.special import logsumexp

from mmpose_ext.registry import KEYPOINT_CODECS


@KEYPOINT_CODECS.register_module()
class SoftmaxHeatmap(UDPHeatmap):
    """Gaussian heatmaps whose prediction is a softmax over positions.

    The codec of a head that trains with :class:`HeatmapCrossEntropyLoss`. Such a head may add any
    constant to a keypoint's map without changing its loss, so neither the height of a maximum nor
    the logarithm that the sub-pixel refinement takes mean anything before the softmax. The geometry
    is that of MMPose's ``UDPHeatmap``, which a mirrored image keeps; images are to be cropped with
    ``use_udp=True``. Positions between pixels come from the parabola through the logarithms beside
    the maximum, which is exact for a Gaussian (Zhang et al., `Distribution-Aware Coordinate
    Representation <https://arxiv.org/abs/1910.06278>`_, 2020).

    Labels are whole Gaussians around the exact position. MMPose's are cut at three standard
    deviations, in a window that lies one pixel off at the left and upper border when that is no
    whole number of pixels.

    A keypoint's score is the probability of the best position relative to that of the clean
    label's: one where the prediction is as concentrated as the label, and lower the less certain
    it is.

    Args:
        input_size: Width and height of the input.
        heatmap_size: Width and height of the map.
        sigma: Standard deviation of the labels in pixels of the map.
    """

    def __init__(
        self, input_size: tuple[int, int], heatmap_size: tuple[int, int], sigma: float = 2.0
    ) -> None:
        super().__init__(input_size, heatmap_size, sigma=sigma)

    def encode(
        self, keypoints: np.ndarray, keypoints_visible: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Draw labels.

        Args:
            keypoints: In pixels of the input, (1, K, 2).
            keypoints_visible: (1, K); 1 by default.

        Returns:
            ``heatmaps`` (K, H, W), float32, zero where a keypoint is not visible, and
            ``keypoint_weights`` (1, K), the visibility, but 0 where a keypoint lies more than
            three standard deviations outside the map.

        Raises:
            ValueError: If there is not exactly one person.
        """
        if keypoints.shape[0] != 1:
            raise ValueError(f'keypoints got the shape {keypoints.shape}, expected (1, K, 2)')
        if keypoints_visible is None:
            keypoints_visible = np.ones(keypoints.shape[:2], np.float32)
        centres = keypoints[0, :, :2] / self.scale_factor
        limits = np.array(self.heatmap_size) - 1
        reach = 3 * self.sigma
        near = ((centres > -reach) & (centres < limits + reach)).all(-1)
        labelled = near & (keypoints_visible[0] >= 0.5)
        x, y = (
            np.exp(-((np.arange(size) - centre[:, None]) ** 2) / (2 * self.sigma**2))
            for size, centre in zip(self.heatmap_size, centres.T)
        )
        heatmaps = y[:, :, None] * (x * labelled[:, None])[:, None, :]
        weights = np.where(near, keypoints_visible, 0)
        return dict(
            heatmaps=heatmaps.astype(np.float32), keypoint_weights=weights.astype(np.float32)
        )

    def decode(self, encoded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find keypoints.

        Args:
            encoded: What the head predicts before the softmax, (K, H, W).

        Returns:
            Keypoints in pixels of the input (1, K, 2), and their scores (1, K), 0 to 1.
        """
        (width, height), keypoints = self.heatmap_size, np.arange(len(encoded))
        best = encoded.reshape(len(encoded), -1).argmax(1)
        rows, columns = np.divmod(best, width)
        # At a border there is nothing to fit: the edge value stands on both sides.
        padded = np.pad(encoded, ((0, 0), (1, 1), (1, 1)), mode='edge')
        middle = padded[keypoints, rows + 1, columns + 1]
        x = columns + _vertex(
            padded[keypoints, rows + 1, columns], middle, padded[keypoints, rows + 1, columns + 2]
        )
        y = rows + _vertex(
            padded[keypoints, rows, columns + 1], middle, padded[keypoints, rows + 2, columns + 1]
        )
        places = np.stack([x, y], axis=-1) / (width - 1, height - 1) * self.input_size
        peaks = np.exp(middle - logsumexp(encoded, axis=(1, 2))) * (2 * np.pi * self.sigma**2)
        return places[None].astype(np.float32), peaks[None].clip(max=1).astype(np.float32)


def _vertex(before: np.ndarray, middle: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where between -1/2 and 1/2 the parabola through the values at -1, 0 and 1 is greatest.

    The middle value is the greatest. At a border, where it stands twice, that is 0.
    """
    curvature = np.minimum(before + after - 2 * middle, -np.finfo(np.float32).eps)
    offset = (before - after) / (2 * curvature)
    return np.where((before == middle) | (after == middle), 0, offset)

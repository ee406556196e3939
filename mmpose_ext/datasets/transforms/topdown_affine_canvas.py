import cv2
import numpy as np
from mmpose.datasets.transforms import TopdownAffine
from mmpose.structures.bbox import get_udp_warp_matrix, get_warp_matrix

from mmpose_ext.registry import TRANSFORMS

from .image_bytes import decode_for_a_moment, decode_image


@TRANSFORMS.register_module()
class TopdownAffineCanvas(TopdownAffine):
    """Crop a person on a canvas that is larger than the student's input, in one warp.

    The student's input is the middle of the canvas. It holds the pixels that MMPose's
    ``TopdownAffine`` gives for ``input_size``, so that teachers with a larger input see the same
    person, at the same scale, with more around. Keypoints, ``input_center`` and ``input_scale`` are
    in the student's frame: a joint at the student's left edge has x = 0, one further out on the
    canvas a negative x.

    An image that is not decoded yet (:class:`LoadEncodedImage`) is decoded here, at half the size
    or less where the crop shrinks it at least that much; a mirroring that is still to be done
    (:class:`RandomMirror`) is part of the warp.

    Required Keys:
        - img or img_bytes
        - bbox_center
        - bbox_scale
        - bbox_rotation, keypoints, pending_flip (optional)

    Modified Keys:
        - img
        - bbox_scale

    Added Keys:
        - input_size, input_center, input_scale
        - transformed_keypoints

    Args:
        input_size: Width and height of the student's input.
        canvas_size: Width and height of the canvas; by default ``input_size``.
        use_udp: Unbiased data processing, as in ``TopdownAffine``.
        reduced_decoding: Decode JPEGs at 1/2, 1/4 or 1/8 of the size where the crop shrinks them by
            at least as much. Faster, and averages pixels where the bilinear warp would skip some.

    Raises:
        ValueError: If the input is larger than the canvas, or cannot lie in its middle.
    """

    def __init__(
        self,
        input_size: tuple[int, int],
        canvas_size: tuple[int, int] | None = None,
        use_udp: bool = False,
        reduced_decoding: bool = True,
    ) -> None:
        super().__init__(input_size, use_udp)
        self.canvas_size = tuple(canvas_size or input_size)
        margins = [canvas - size for canvas, size in zip(self.canvas_size, input_size)]
        if any(margin < 0 or margin % 2 for margin in margins):
            raise ValueError(
                f'canvas_size got {self.canvas_size}, expected {tuple(input_size)} plus an even '
                'number of pixels'
            )
        self.offset = (margins[0] // 2, margins[1] // 2)
        self.reduced_decoding = reduced_decoding

    def transform(self, results: dict) -> dict:
        """Warp the image and transform the keypoints."""
        width, height = self.input_size
        if results['bbox_center'].shape[0] != 1:
            raise ValueError(
                f'bbox_center has shape {results["bbox_center"].shape}, expected one person, (1, 2)'
            )
        results['bbox_scale'] = self._fix_aspect_ratio(results['bbox_scale'], width / height)
        center, scale = results['bbox_center'][0], results['bbox_scale'][0]
        rotation = results['bbox_rotation'][0] if 'bbox_rotation' in results else 0.0
        warp_matrix = get_udp_warp_matrix if self.use_udp else get_warp_matrix
        matrix = warp_matrix(center, scale, rotation, output_size=self.input_size)
        results['img'] = self._warp(results, matrix, shrink=float(scale[1]) / height)
        self._transform_keypoints(results, matrix)
        results['input_size'] = (width, height)
        results['input_center'] = center
        results['input_scale'] = scale
        return results

    def _warp(self, results: dict, matrix: np.ndarray, shrink: float) -> np.ndarray:
        matrix = matrix.astype(np.float64)
        matrix[:, 2] += self.offset
        if results.pop('pending_flip', False):
            # Column x of the mirrored image is column (width - 1 - x) of the stored one.
            matrix[:, 2] += matrix[:, 0] * (results['img_shape'][1] - 1)
            matrix[:, 0] *= -1
        image = results.get('img')
        if image is None:
            reduction = self._reduction(shrink)
            data = results.pop('img_bytes')
            if reduction == 1:
                image = decode_for_a_moment(data, results['img_shape'])
            else:
                image = decode_image(data, reduction)
            if image is None:
                raise ValueError(f'image {results["img_path"]!r} cannot be decoded')
            # Pixel x of the reduced image has its centre at reduction * (x + 1/2) - 1/2 of the full
            # one.
            matrix[:, 2] += matrix[:, :2].sum(axis=1) * (reduction - 1) / 2
            matrix[:, :2] *= reduction
        return cv2.warpAffine(image, matrix, self.canvas_size, flags=cv2.INTER_LINEAR)

    def _reduction(self, shrink: float) -> int:
        if not self.reduced_decoding or shrink < 2:
            return 1
        return 8 if shrink >= 8 else 4 if shrink >= 4 else 2

    @staticmethod
    def _transform_keypoints(results: dict, matrix: np.ndarray) -> None:
        keypoints = results.get('keypoints')
        if keypoints is None:
            # As TopdownAffine does for images without annotations.
            results['transformed_keypoints'] = np.zeros([])
            results['keypoints_visible'] = np.ones((1, 1, 1))
            return
        results['transformed_keypoints'] = keypoints.copy()
        results['transformed_keypoints'][..., :2] = cv2.transform(keypoints[..., :2], matrix)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, canvas_size={self.canvas_size}, '
            f'use_udp={self.use_udp}, reduced_decoding={self.reduced_decoding})'
        )

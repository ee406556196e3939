import random
from typing import NamedTuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmpose_ext.geometry import crop_camera, mirror_smpl, world_to_camera_smpl
from mmpose_ext.registry import TRANSFORMS
from mmpose_ext.skeletons import SUPERSET30

from .image_bytes import decode_image

_FLIP = SUPERSET30.flip_indices
# SMPL's own 24 joints come first.
_SMPL_FLIP = _FLIP[:24]
_POINT_KEYS = ('keypoints', 'neighbours', 'pose2d')
_EDGE_KEYS = ('edge', 'teacher_edge')


class CropChange(NamedTuple):
    """How a crop differs from the plain one."""

    scale: float = 1.0
    rotation_deg: float = 0.0
    flip: bool = False
    gains: tuple[float, ...] | None = None


@TRANSFORMS.register_module()
class MeshTopdownAffine(BaseTransform):
    """Crop a person, with augmentation, and take labels and cameras along exactly.

    The box is clipped to the image, grown to the aspect ratio of the input and padded; its centre
    comes to (width / 2, height / 2) of the crop, one unit of it to ``input / box`` pixels. Pixel
    centres have integer coordinates, in the image and in the crop. Everything, mirroring included,
    is one affine map ``warp_mat`` and one bilinear warp; the image is black outside.

    Mirroring and rotation change what camera space is: people are mirrored (x to -x, left and right
    joints exchanged) and turned about the optical axis. ``camera_crop`` projects the labels so
    changed to where the warp brings the image of the unchanged ones, exactly, for any intrinsics.
    The body of an asymmetric SMPL is mirrored as far as a SMPL body can be.

    By default augmentation is 3DCrowdNet's; for testing set ``scale``, ``rotate_prob``,
    ``flip_prob`` and ``color`` to 0.

    Required Keys:
        - img, or img_bytes (:class:`LoadEncodedImage`)
        - bbox, keypoints, keypoints_visible, joints_cam, joints_cam_valid, camera
        - smpl, neighbours, pose2d, persons, edge, teacher_edge (optional)

    Modified Keys:
        - img: (h, w, 3) uint8; edge, teacher_edge: (h, w) float32
        - keypoints, neighbours, pose2d: in pixels of the crop
        - joints_cam, smpl: mirrored and turned
        - persons: with ``camera_crop`` (3, 3), which projects the *unchanged* person to the crop

    Added Keys:
        - camera_crop: (3, 3) float64
        - crop_box: (1, 4) float32, left, top, right, bottom of the crop in the image, unturned
        - warp_mat: (2, 3) float64, from image to crop
        - warp_flip, warp_rotation_deg, input_size, img_shape, ori_shape

    Args:
        input_size: Width and height of the crop.
        padding: Growth of the box after it has the aspect ratio of the input.
        scale: The box is multiplied by 1 + ``scale`` * z, z normally distributed, cut to 1.
        rotate: Standard deviation of the rotation in degrees, cut at twice that.
        rotate_prob: Probability of a rotation.
        flip_prob: Probability of mirroring.
        color: Each channel is multiplied by a factor between 1 - ``color`` and 1 + ``color``.
        reduced_decoding: Decode an image that is still encoded at 1/2, 1/4 or 1/8 of its size where
            the crop shrinks it at least as much.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        input_size: tuple[int, int] = (256, 256),
        padding: float = 1.25,
        scale: float = 0.25,
        rotate: float = 30.0,
        rotate_prob: float = 0.6,
        flip_prob: float = 0.5,
        color: float = 0.2,
        reduced_decoding: bool = True,
    ) -> None:
        if len(input_size) != 2 or min(input_size) < 1:
            raise ValueError(f'input_size got {input_size!r}, expected (width, height) in pixels')
        if padding <= 0:
            raise ValueError(f'padding got {padding!r}, expected a positive number')
        for name, value in dict(scale=scale, color=color).items():
            if not 0 <= value < 1:
                raise ValueError(f'{name} got {value!r}, expected at least 0 and less than 1')
        for name, value in dict(rotate_prob=rotate_prob, flip_prob=flip_prob).items():
            if not 0 <= value <= 1:
                raise ValueError(f'{name} got {value!r}, expected a number from 0 to 1')
        self.input_size = (int(input_size[0]), int(input_size[1]))
        self.padding = padding
        self.scale = scale
        self.rotate = rotate
        self.rotate_prob = rotate_prob
        self.flip_prob = flip_prob
        self.color = color
        self.reduced_decoding = reduced_decoding

    @cache_randomness
    def _choose(self) -> CropChange:
        turned = random.random() < self.rotate_prob
        return CropChange(
            scale=1 + self.scale * _cut(random.gauss(0, 1), 1),
            rotation_deg=self.rotate * _cut(random.gauss(0, 1), 2) if turned else 0.0,
            flip=random.random() < self.flip_prob,
            gains=tuple(random.uniform(1 - self.color, 1 + self.color) for _ in range(3))
            if self.color
            else None,
        )

    def transform(self, results: dict) -> dict:
        """Crop the image and transform the labels.

        Raises:
            ValueError: If the image cannot be decoded, has not the annotated size, an edge map has
                another, or the box does not lie in the image.
        """
        change = self._choose()
        height, width = results['img'].shape[:2] if 'img' in results else results['img_shape'][:2]
        _check_size(results, width, height)
        centre, size = self._crop_box(results, width, height)
        size = size * change.scale
        matrix = self._matrix(centre, size, change)
        self._warp_images(results, matrix, width, height, shrink=size[0] / self.input_size[0])
        if change.gains is not None:
            results['img'] = _multiply_channels(results['img'], change.gains)
        _move_points(results, matrix, change.flip)
        turn = _turn(change)
        _move_camera_space(results, turn, change)
        results['camera_crop'] = crop_camera(results['camera'] @ turn.T, matrix)
        for person in results.get('persons', ()):
            person['camera_crop'] = crop_camera(person['camera'], matrix)
        results.update(
            crop_box=np.concatenate([centre - size / 2, centre + size / 2])[None].astype(
                np.float32
            ),
            warp_mat=matrix,
            warp_flip=change.flip,
            warp_rotation_deg=change.rotation_deg,
            input_size=self.input_size,
            ori_shape=results.get('ori_shape', (height, width)),
            img_shape=results['img'].shape[:2],
        )
        return results

    def _crop_box(self, results: dict, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        """Centre and size of the padded box, (2,) each."""
        left, top, right, bottom = results['bbox'][0].astype(np.float64)
        low = np.clip([left, top], 0, [width - 1, height - 1])
        high = np.clip([right, bottom], 0, [width - 1, height - 1])
        size = high - low
        if not (np.isfinite(size).all() and size.max() > 0):
            raise ValueError(
                f'{results.get("img_path")}: the box {results["bbox"][0].tolist()} does not lie in '
                f'the image of {width} x {height} pixels'
            )
        aspect = self.input_size[0] / self.input_size[1]
        grown = max(size[0], size[1] * aspect)
        return (low + high) / 2, np.array([grown, grown / aspect]) * self.padding

    def _matrix(self, centre: np.ndarray, size: np.ndarray, change: CropChange) -> np.ndarray:
        """The affine map from image to crop, (2, 3) float64."""
        linear = _turn(change)[:2, :2] * (self.input_size[0] / size[0])
        offset = np.array(self.input_size) / 2 - linear @ centre
        return np.concatenate([linear, offset[:, None]], axis=1)

    def _warp_images(
        self, results: dict, matrix: np.ndarray, width: int, height: int, shrink: float
    ) -> None:
        for key in _EDGE_KEYS:
            if key not in results:
                continue
            edge = results[key]
            if edge.shape != (height, width):
                raise ValueError(
                    f'{results.get("img_path")}: {key} has shape {edge.shape}, expected '
                    f'({height}, {width}) as the image has'
                )
            results[key] = cv2.warpAffine(edge, matrix, self.input_size, flags=cv2.INTER_LINEAR)
        image, reduction = results.get('img'), 1
        if image is None:
            if self.reduced_decoding:
                reduction = next(factor for factor in (8, 4, 2, 1) if factor <= max(shrink, 1))
            image = decode_image(results.pop('img_bytes'), reduction)
            if image is None:
                raise ValueError(f'image {results["img_path"]!r} cannot be decoded')
        from_reduced = matrix.copy()
        # Pixel x of a reduced image has its centre at reduction * (x + 1/2) - 1/2 of the full one.
        from_reduced[:, 2] += matrix[:, :2].sum(axis=1) * (reduction - 1) / 2
        from_reduced[:, :2] *= reduction
        results['img'] = cv2.warpAffine(
            image, from_reduced, self.input_size, flags=cv2.INTER_LINEAR
        )

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, padding={self.padding}, '
            f'scale={self.scale}, rotate={self.rotate}, rotate_prob={self.rotate_prob}, '
            f'flip_prob={self.flip_prob}, color={self.color}, '
            f'reduced_decoding={self.reduced_decoding})'
        )


def _check_size(results: dict, width: int, height: int) -> None:
    annotated = results.get('width', width), results.get('height', height)
    if annotated != (width, height):
        raise ValueError(
            f'image {results.get("img_path")!r} has {width} x {height} pixels, but is annotated as '
            f'{annotated[0]} x {annotated[1]}: its labels are for another image'
        )


def _cut(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)


def _turn(change: CropChange) -> np.ndarray:
    """What happens to camera space: mirroring, then rotation against the box's, (3, 3) float64."""
    angle = np.deg2rad(-change.rotation_deg)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    if change.flip:
        turn[:, 0] *= -1
    return turn


def _multiply_channels(image: np.ndarray, gains: tuple[float, ...]) -> np.ndarray:
    levels = np.arange(256)[:, None] * np.array(gains)
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return cv2.LUT(image, table[None])


def _move_points(results: dict, matrix: np.ndarray, flip: bool) -> None:
    for key in _POINT_KEYS:
        points = results.get(key)
        if points is None:
            continue
        moved = points.astype(np.float32)
        moved[..., :2] = points[..., :2] @ matrix[:, :2].T + matrix[:, 2]
        results[key] = moved[..., _FLIP, :] if flip else moved
    if flip:
        for key in ('keypoints_visible', 'joints_cam_valid'):
            results[key] = results[key][..., _FLIP]


def _move_camera_space(results: dict, turn: np.ndarray, change: CropChange) -> None:
    joints = (results['joints_cam'] @ turn.T).astype(np.float32)
    results['joints_cam'] = joints[..., _FLIP, :] if change.flip else joints
    smpl = results.get('smpl')
    if smpl is None or not (change.flip or change.rotation_deg):
        return
    pose, transl, root = (smpl[key].astype(np.float64) for key in ('pose', 'transl', 'root_joint'))
    if change.flip:
        pose, transl = mirror_smpl(pose, transl, root, _SMPL_FLIP)
    if change.rotation_deg:
        rotation = _turn(change._replace(flip=False))
        pose, transl = world_to_camera_smpl(pose, transl, root, rotation, np.zeros(3))
    results['smpl'] = dict(smpl, pose=pose.astype(np.float32), transl=transl.astype(np.float32))

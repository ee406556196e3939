from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mmpose_ext.skeletons import Skeleton

from .smpl_fits import SMPLFits


class ImageEntry(NamedTuple):
    """An image of a dataset."""

    path: str
    id: int
    width: int
    height: int


@dataclass
class MeshPeople:
    """All people of a dataset, as columns: N people in I images, in a skeleton of K keypoints.

    People of an image are neighbours in the columns. Also people who become no samples belong
    here, as they hide others and appear in edge maps.

    Args:
        images: I images.
        image_index: Index into ``images`` of each person, (N,), ascending.
        ids: Annotation ids, (N,).
        boxes: Left, top, right, bottom in pixels, (N, 4).
        skeleton: What the keypoints are.
        keypoints: In pixels, (N, K, 2).
        visible: Whether a keypoint is annotated, (N, K).
        sampled: Which people become samples, (N,) bool.
        cameras: Intrinsics from camera space to pixels, (N, 3, 3).
        joints: Annotated joints in camera space in metres, (N, K, 3); None for 2D datasets.
        joints_valid: Which of them are annotated, (N, K) bool; None for all.
        fits: SMPL parameters in camera space.
        fit_index: Index into ``fits`` of each person, -1 for none, (N,).
        pose2d: The network's 2D pose in testing, x, y and score of the 30 superset joints,
            (N, 30, 3), score 0 where not trusted; None if it is to be made of ``keypoints``.
        subsets: Names of the subsets that a person belongs to, by index.
    """

    images: Sequence[ImageEntry]
    image_index: np.ndarray
    ids: np.ndarray
    boxes: np.ndarray
    skeleton: Skeleton
    keypoints: np.ndarray
    visible: np.ndarray
    sampled: np.ndarray
    cameras: np.ndarray
    fits: SMPLFits | None = None
    fit_index: np.ndarray | None = None
    joints: np.ndarray | None = None
    joints_valid: np.ndarray | None = None
    pose2d: np.ndarray | None = None
    subsets: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        number = len(self.ids)
        if self.fit_index is None:
            self.fit_index = np.full(number, -1, np.int32)
        self.boxes = self.boxes.astype(np.float32)
        self.keypoints = self.keypoints.astype(np.float32)
        self.visible = self.visible > 0
        if self.joints is not None:
            self.joints = self.joints.astype(np.float32)
        if self.pose2d is not None:
            self.pose2d = self.pose2d.astype(np.float32)
        #: People of image i are ``starts[i]`` to ``starts[i + 1]``.
        self.starts = np.searchsorted(self.image_index, np.arange(len(self.images) + 1))

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def concatenate(cls, parts: Sequence[MeshPeople]) -> MeshPeople:
        """The people of several files of the same format, file after file."""
        if len(parts) == 1:
            return parts[0]
        images = np.cumsum([0, *(len(part.images) for part in parts)])
        rows = np.cumsum([0, *(len(part) for part in parts)])
        fits = [part.fits for part in parts if part.fits is not None]
        firsts = np.cumsum([0, *(0 if part.fits is None else len(part.fits) for part in parts)])
        return cls(
            images=[image for part in parts for image in part.images],
            image_index=np.concatenate([p.image_index + first for p, first in zip(parts, images)]),
            skeleton=parts[0].skeleton,
            fits=SMPLFits.concatenate(fits) if fits else None,
            fit_index=np.concatenate(
                [np.where(p.fit_index < 0, -1, p.fit_index + n) for p, n in zip(parts, firsts)]
            ),
            subsets={
                int(row + first): names
                for part, first in zip(parts, rows)
                for row, names in part.subsets.items()
            },
            **{name: _concatenate(parts, name) for name in _COLUMNS},
        )

    @property
    def sizes(self) -> np.ndarray:
        """Width and height of each person's image, (N, 2)."""
        sizes = np.array([(image.width, image.height) for image in self.images])
        return sizes.reshape(-1, 2)[self.image_index]

    def companions(self, row: int) -> range:
        """Rows of all people in the image of a person, who is one of them."""
        image = self.image_index[row]
        return range(int(self.starts[image]), int(self.starts[image + 1]))


_COLUMNS = (
    *('ids', 'boxes', 'keypoints', 'visible', 'sampled', 'cameras'),
    *('joints', 'joints_valid', 'pose2d'),
)


def _concatenate(parts: Sequence[MeshPeople], name: str) -> np.ndarray | None:
    columns = [getattr(part, name) for part in parts]
    return None if columns[0] is None else np.concatenate(columns)

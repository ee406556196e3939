"""What a camera sees of every person in a rendered scene."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from mmpose_ext.body_models import BodyModel, body_parts, regressor
from mmpose_ext.geometry import PinholeCamera, project
from mmpose_ext.rendering import visible_points

from .layout import PlacedPerson

# Joint 15 of SMPL is the head, 12 the neck.
_HEAD, _NECK = 15, 12
_SETS = ('halpe26', 'mpii16')


@dataclass(frozen=True)
class Points:
    """A set of keypoints in the image.

    Args:
        pixels: (K, 2) float32; NaN behind the camera.
        inside: (K,) bool, within the image.
        visible: (K,) bool, not hidden by anything.
        covered: (K,) bool, hidden by another person or an object, not by the own body.
    """

    pixels: np.ndarray
    inside: np.ndarray
    visible: np.ndarray
    covered: np.ndarray

    def part(self, which: slice | Sequence[int]) -> 'Points':
        """Some of the keypoints."""
        return Points(
            self.pixels[which], self.inside[which], self.visible[which], self.covered[which]
        )

    def joined(self, other: 'Points') -> 'Points':
        """These keypoints followed by others."""
        return Points(
            *(
                np.concatenate([getattr(self, item.name), getattr(other, item.name)])
                for item in fields(self)
            )
        )


@dataclass(frozen=True)
class Observation:
    """One person in one image.

    Args:
        halpe26: Halpe's 26 keypoints, the first 17 of which are COCO's.
        mpii16: MPII's 16 keypoints, as points of the body.
        mask: Visible pixels within ``box``, (h, w) bool.
        box: x, y, width, height of the visible pixels.
        area: Number of visible pixels.
        head_box: x1, y1, x2, y2 around the head, hidden or not, whatever the image shows.
    """

    halpe26: Points
    mpii16: Points
    mask: np.ndarray
    box: tuple[int, int, int, int]
    area: int
    head_box: np.ndarray

    @property
    def coco17(self) -> Points:
        """COCO's 17 keypoints."""
        return self.halpe26.part(slice(17))


def observe(
    people: Sequence[PlacedPerson], camera: PinholeCamera, person_ids: np.ndarray, depth: np.ndarray
) -> list[Observation | None]:
    """Find everyone's keypoints, masks and boxes.

    Args:
        people: Everyone in the scene.
        camera: The camera.
        person_ids: Index of the person in front at each pixel, negative elsewhere, (H, W).
        depth: Distance to the nearest surface along the camera axis in metres, (H, W).

    Returns:
        One observation per person, None for those of whom no pixel is visible.
    """
    return [
        _observe(person, index, camera, person_ids, depth) for index, person in enumerate(people)
    ]


def _observe(
    person: PlacedPerson,
    index: int,
    camera: PinholeCamera,
    person_ids: np.ndarray,
    depth: np.ndarray,
) -> Observation | None:
    own = person_ids == index
    rows = np.flatnonzero(own.any(1))
    if not len(rows):
        return None
    top, bottom = rows[0], rows[-1] + 1
    columns = np.flatnonzero(own[top:bottom].any(0))
    left, right = columns[0], columns[-1] + 1
    mask = own[top:bottom, left:right]

    anatomy = _anatomy(person.body)
    points = anatomy.regressor @ person.vertices
    pixels = project(points, camera)
    limit = np.array([camera.width, camera.height]) - 0.5
    inside = ((pixels >= -0.5) & (pixels < limit)).all(-1)
    visible = visible_points(points, depth, camera, anatomy.tolerance)
    columns, rows = np.rint(np.where(inside[:, None], pixels, 0)).astype(int).T
    in_front = person_ids[rows.clip(0, camera.height - 1), columns.clip(0, camera.width - 1)]
    covered = inside & ~visible & (in_front != index)
    sets = [
        Points(pixels[part], inside[part], visible[part], covered[part])
        for part in (slice(26), slice(26, None))
    ]

    head = project(person.vertices[anatomy.head], camera)
    head_box = np.concatenate([head.min(0), head.max(0)])
    return Observation(
        *sets,
        mask,
        (int(left), int(top), int(right - left), int(bottom - top)),
        int(mask.sum()),
        head_box,
    )


@dataclass(frozen=True)
class _Anatomy:
    """What is constant about a body: regressors, tolerances, head vertices."""

    regressor: sparse.csr_matrix
    tolerance: np.ndarray
    head: np.ndarray


def _measure(body: BodyModel) -> _Anatomy:
    matrix = sparse.csr_matrix(np.concatenate([_dense(body, name) for name in _SETS]))
    # A joint lies inside its limb: it counts as visible when the limb's own surface is in front,
    # so the tolerance is the limb's radius there, with a margin for bent limbs.
    distances, _ = cKDTree(body.v_template).query(matrix @ body.v_template, k=60)
    tolerance = 1.3 * distances.mean(1) + 0.015
    parts = body_parts(body)
    chin = body.v_template[parts == _HEAD, 1].min()
    head = (parts == _HEAD) | ((parts == _NECK) & (body.v_template[:, 1] > chin - 0.03))
    return _Anatomy(matrix, tolerance, np.flatnonzero(head))


# Bodies hold arrays and cannot be hashed. The body is kept with its anatomy, so that an id stays
# the body's.
_ANATOMIES: dict[int, tuple[BodyModel, _Anatomy]] = {}


def _anatomy(body: BodyModel) -> _Anatomy:
    if id(body) not in _ANATOMIES:
        _ANATOMIES[id(body)] = body, _measure(body)
    return _ANATOMIES[id(body)][1]


def _dense(body: BodyModel, name: str) -> np.ndarray:
    matrix = regressor(body, name)
    return matrix.toarray() if sparse.issparse(matrix) else matrix

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.fileio import join_path
from mmengine.logging import print_log
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_ext.body_models import BodyModel, load_body_model
from mmpose_ext.datasets.datasets.body.annotation_check import check_images
from mmpose_ext.skeletons import SUPERSET30, KeypointMap, Skeleton, superset_map

from .coco_file import CocoFile
from .mesh_people import MeshPeople
from .person_boxes import boxes_from_poses, intersection_over_union, lies_inside

BOX_SOURCES = ('gt', 'pose2d')
MISSING_FITS = ('keep', 'skip', 'error')


class BaseMeshDataset(BaseDataset):
    """People in single images, with what is known of their 2D pose, 3D joints and SMPL body.

    A subclass reads its files in :meth:`read_people`; checks, boxes, samples and the report are
    common. Annotations stay in arrays that data workers share, the samples themselves are small.

    A sample is one person:

    - ``img_path, img_id, id, width, height, source`` and ``subsets`` (names, may be empty);
    - ``bbox`` (1, 4) float32, left, top, right, bottom in pixels, not clipped or grown,
      ``bbox_score`` (1,), ``bbox_source`` ``'gt'`` or ``'pose2d'``;
    - ``keypoints`` (1, 30, 2) float32 in pixels and ``keypoints_visible`` (1, 30) float32, 1 where
      annotated, in the order of :data:`SUPERSET30`; ``flip_indices`` (30 numbers);
    - ``joints_cam`` (1, 30, 3) float32 in metres, camera axes, relative to the pelvis, and
      ``joints_cam_valid`` (1, 30); zeros where nothing is known; ``is_3d``;
    - ``smpl``: ``pose`` (24, 3), ``betas`` (10,), ``transl`` (3,), ``gender`` and ``root_joint``
      (3,), in camera space, or None; ``smpl_valid`` float, 0 without a fit or with a bad one;
    - ``camera`` (3, 3) float64, from camera space to pixels. Of a person of whom neither fit nor
      camera is known it is only an assumption, which no valid label depends on;
    - ``pose2d`` (30, 3) float32, x, y and score of the input pose in testing, score 0 where it is
      not trusted; None where the annotated keypoints are the input;
    - ``neighbours`` (N, 30, 3) float32, x, y and visibility of people whose boxes overlap this one;
    - ``persons``: ``pose, betas, transl, gender, root_joint, camera, bbox_area`` of everybody in
      the image who has a fit, this person first.

    Joints that a dataset derives from others are left out of the targets, except a pelvis in the
    middle of the hips. An input pose also has a derived neck, as 3DCrowdNet tests with one.

    Args:
        ann_file: Annotation file, relative to ``data_root``.
        data_root: Folder of the dataset.
        data_prefix: ``img``: folder of the images.
        pipeline: Transforms.
        test_mode: Whether samples are for testing.
        source: Name of the dataset in samples and results; by default the class's.
        body_model: SMPL file or folder, see :func:`mmpose_ext.body_models.load_body_model`.
        bbox_source: Where boxes come from: ``'gt'``, the annotation, or ``'pose2d'``, the input
            pose, its tight box grown by 1.2, as 3DCrowdNet tests. A person whose pose gives no box
            keeps the annotated one; how many do is printed.
        missing_fit: What happens to people without SMPL parameters: ``'keep'`` them for their other
            labels, ``'skip'`` them, or ``'error'``.
        neighbour_iou: From which overlap of boxes on a person is a neighbour.
        check_images: Look for every image file at the start.
        kwargs: Further arguments of MMEngine's ``BaseDataset``.

    Raises:
        FileNotFoundError: If an annotation, parameter, pose or image file is missing.
        ValueError: If an argument is none of its options, a file is not of the dataset's format, an
            entry has a wrong number of keypoints or numbers that are not finite, a focal length is
            not positive, or nobody is left.
    """

    METAINFO: dict = SUPERSET30.metainfo()
    SOURCE = ''

    def __init__(
        self,
        ann_file: str = '',
        data_root: str = '',
        data_prefix: Mapping[str, str] | None = None,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        source: str | None = None,
        body_model: str | None = None,
        bbox_source: str = 'gt',
        missing_fit: str = 'keep',
        neighbour_iou: float = 0.1,
        check_images: bool = True,
        **kwargs: Any,
    ) -> None:
        _check_option('bbox_source', bbox_source, BOX_SOURCES)
        _check_option('missing_fit', missing_fit, MISSING_FITS)
        if not 0 <= neighbour_iou <= 1:
            raise ValueError(f'neighbour_iou got {neighbour_iou!r}, expected a number from 0 to 1')
        self.source = source or self.SOURCE
        self.body_model = body_model
        self.bbox_source = bbox_source
        self.missing_fit = missing_fit
        self.neighbour_iou = neighbour_iou
        self.check_images = check_images
        #: How many people, and images without any, were left out, by reason.
        self.skipped: Counter[str] = Counter()
        #: How many fits were left out or are not learnt from, by reason.
        self.bad_fits: Counter[str] = Counter()
        self._bodies: dict[str, BodyModel] = {}
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=dict(data_prefix or dict(img='')),
            pipeline=list(pipeline),
            test_mode=test_mode,
            **kwargs,
        )

    def read_people(self) -> MeshPeople:
        """Read the files of the dataset; count in :attr:`skipped` what is left out."""
        raise NotImplementedError

    def open_coco_file(self, file: str) -> CocoFile:
        """Read a file in COCO's format, and count its images without people."""
        content = CocoFile(file, self.title)
        if content.empty_images:
            self.skipped['images without people'] += content.empty_images
        return content

    def body_of(self, gender: str) -> BodyModel:
        """The body model of a gender."""
        if gender not in self._bodies:
            self._bodies[gender] = load_body_model(self.body_model, gender)
        return self._bodies[gender]

    def full_path(self, file: str) -> str:
        """Where a file named relative to ``data_root`` is."""
        return join_path(self.data_root, file) if self.data_root else file

    def count_skipped(self, reason: str, flags: Any) -> None:
        """Count people who are left out."""
        number = int(np.sum(flags))
        if number:
            self.skipped[reason] += number

    def count_bad_fits(self, reason: str, valid: np.ndarray) -> None:
        """Count fits that are not learnt from."""
        number = int(np.sum(~valid))
        if number:
            self.bad_fits[reason] += number

    @property
    def title(self) -> str:
        """The start of messages."""
        return f'{type(self).__name__} {self.source!r}'

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read, check and report; returns one small entry per sample."""
        self.skipped.clear()
        self.bad_fits.clear()
        people = self.people = self.read_people()
        self._bodies.clear()
        self._map, self._pose_map = _target_map(people.skeleton), superset_map(people.skeleton)
        self._matrix = self._map.matrix
        self._needed = (self._matrix > 0).astype(np.float32)
        self._reject_fits_behind_camera()
        self._handle_missing_fits()
        self._choose_boxes()
        self._skip(
            'with an empty box or one outside the image', ~lies_inside(self._boxes, *people.sizes.T)
        )
        rows = np.flatnonzero(people.sampled)
        if not len(rows):
            raise ValueError(
                f'{self.title}: no person in {self.ann_file!r}; skipped: {dict(self.skipped)}'
            )
        entries = []
        for row, image in zip(rows.tolist(), people.image_index[rows].tolist()):
            path, image_id, width, height = people.images[image]
            entries.append(
                dict(
                    img_path=path,
                    img_id=image_id,
                    id=int(people.ids[row]),
                    width=width,
                    height=height,
                    row=row,
                )
            )
        if self.check_images:
            check_images([entry['img_path'] for entry in entries], self.title)
        print_log(self.report, logger='current')
        return entries

    @property
    def report(self) -> str:
        """A few lines: how many people, fits and boxes there are, and what was left out."""
        people = self.people
        rows = np.flatnonzero(people.sampled)
        images = len(np.unique(people.image_index[rows]))
        lines = [
            f'{self.title}: {len(rows)} people in {images} images from {self.ann_file}; '
            f'skipped: {_list_counts(self.skipped)}'
        ]
        if people.fits is not None:
            fits = people.fit_index[rows]
            fits = fits[fits >= 0]
            valid = int(people.fits.valid[fits].sum())
            lines.append(
                f'  SMPL: {valid} to learn from, {len(fits) - valid} not good enough, '
                f'{len(rows) - len(fits)} people without; of all in the files: '
                f'{_list_counts(self.bad_fits, "no bad fits")}'
            )
        if self.test_mode or self.bbox_source == 'pose2d':
            posed = int(self._from_pose[rows].sum())
            poses = 'the annotated keypoints'
            if people.pose2d is not None:
                unseen = int((people.pose2d[rows, :, 2] <= 0).all(axis=1).sum())
                poses = f'detected ones, {unseen} of them without a trusted joint'
            lines.append(
                f'  boxes: {posed} from the 2D pose, {len(rows) - posed} annotated'
                + (' because the pose gives none' if self.bbox_source == 'pose2d' else '')
                + f'; 2D poses: {poses}'
            )
        return '\n'.join(lines)

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The sample before the pipeline, see the class."""
        sample = super().get_data_info(idx)
        row = sample.pop('row')
        people = self.people
        points = self._superset(row)
        fit = int(people.fit_index[row])
        sample.update(
            source=self.source,
            subsets=people.subsets.get(row, ()),
            flip_indices=SUPERSET30.flip_indices,
            bbox=self._boxes[row, None].copy(),
            bbox_score=np.ones(1, np.float32),
            bbox_source='pose2d' if self._from_pose[row] else 'gt',
            keypoints=points[None, :, :2].copy(),
            keypoints_visible=points[None, :, 2].copy(),
            smpl=people.fits.body(fit) if fit >= 0 else None,
            smpl_valid=float(people.fits.valid[fit]) if fit >= 0 else 0.0,
            camera=people.cameras[row].copy(),
            pose2d=None if people.pose2d is None else people.pose2d[row].copy(),
            neighbours=self._neighbours(row),
            persons=self._persons(row),
            is_3d=people.joints is not None,
        )
        sample['joints_cam'], sample['joints_cam_valid'] = self._joints(row)
        return sample

    @classmethod
    def _load_metainfo(cls, metainfo: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return parse_pose_metainfo(dict(metainfo or cls.METAINFO))

    def _skip(self, reason: str, flags: np.ndarray) -> None:
        """Make people (N,) no samples, and count those who would have been."""
        flags = flags & self.people.sampled
        self.count_skipped(reason, flags)
        self.people.sampled &= ~flags

    def _reject_fits_behind_camera(self) -> None:
        people = self.people
        if people.fits is None:
            return
        with_fit = np.flatnonzero(people.fit_index >= 0)
        fits = people.fit_index[with_fit]
        behind = (people.fits.transl[fits, 2] + people.fits.root_joints[fits, 2]) <= 0
        if behind.any():
            self.bad_fits['left out, behind the camera'] += int(behind.sum())
            people.fit_index[with_fit[behind]] = -1

    def _handle_missing_fits(self) -> None:
        people = self.people
        missing = (people.fit_index < 0) & people.sampled
        sampled = int(people.sampled.sum())
        found = f'of all in the files: {_list_counts(self.bad_fits, "no bad fits")}'
        if people.fits is not None and sampled and missing.sum() == sampled:
            raise ValueError(
                f'{self.title}: none of the {sampled} people of {self.ann_file!r} has usable SMPL '
                f'parameters ({found}); do both files belong together?'
            )
        if self.missing_fit == 'error' and missing.any():
            first = int(people.ids[np.flatnonzero(missing)[0]])
            raise ValueError(
                f'{self.title}: {int(missing.sum())} people of {self.ann_file!r} have no SMPL '
                f'parameters, the first is entry {first} ({found})'
            )
        if self.missing_fit == 'skip':
            self._skip('without SMPL parameters', missing)

    def _choose_boxes(self) -> None:
        people = self.people
        self._boxes = people.boxes
        self._from_pose = np.zeros(len(people), bool)
        if self.bbox_source == 'gt':
            return
        poses = people.pose2d
        if poses is None:
            points, visible = self._pose_map.apply(
                people.keypoints, people.visible.astype(np.float32)
            )
            poses = np.concatenate([points, visible[..., None]], axis=-1)
        boxes, found = boxes_from_poses(poses[..., :2], poses[..., 2])
        found &= lies_inside(boxes, *people.sizes.T)
        self._from_pose = found
        self._boxes = np.where(found[:, None], boxes, people.boxes).astype(np.float32)

    def _superset(self, row: int) -> np.ndarray:
        """x, y and visibility of the 30 joints of a person, (30, 3)."""
        points = np.empty((SUPERSET30.num_keypoints, 3), np.float32)
        points[:, :2] = self._matrix @ self.people.keypoints[row]
        points[:, 2] = self._all_known(self.people.visible[row])
        return points

    def _all_known(self, known: np.ndarray) -> np.ndarray:
        """Of which of the 30 joints all sources are known, (30,) float32."""
        unknown = self._needed @ (~known).astype(np.float32)
        return (self._map.mapped & (unknown == 0)).astype(np.float32)

    def _joints(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        number, pelvis = SUPERSET30.num_keypoints, SUPERSET30.index('pelvis')
        if self.people.joints is None:
            return np.zeros((1, number, 3), np.float32), np.zeros((1, number), np.float32)
        joints, valid = self.people.joints[row], self._map.mapped.astype(np.float32)
        if self.people.joints_valid is not None:
            valid = self._all_known(self.people.joints_valid[row])
            # Without the pelvis, nothing is known relative to it.
            valid *= valid[pelvis]
        root = self._matrix[pelvis] @ joints
        return ((self._matrix @ joints - root) * valid[:, None])[None], valid[None]

    def _neighbours(self, row: int) -> np.ndarray:
        rows = [other for other in self.people.companions(row) if other != row]
        if rows:
            boxes = self.people.boxes
            overlaps = intersection_over_union(boxes[row], boxes[rows])
            rows = [other for other, iou in zip(rows, overlaps) if iou >= self.neighbour_iou]
        if not rows:
            return np.zeros((0, SUPERSET30.num_keypoints, 3), np.float32)
        return np.stack([self._superset(other) for other in rows])

    def _persons(self, row: int) -> list[dict[str, Any]]:
        people = self.people
        rows = [row, *(other for other in people.companions(row) if other != row)]
        persons = []
        for other in rows:
            fit = int(people.fit_index[other])
            if fit < 0:
                continue
            width, height = people.boxes[other, 2:] - people.boxes[other, :2] + 1
            persons.append(
                dict(
                    people.fits.body(fit),
                    camera=people.cameras[other].copy(),
                    bbox_area=float(width * height),
                )
            )
        return persons


def _target_map(skeleton: Skeleton) -> KeypointMap:
    """The superset map without derived joints, the pelvis excepted."""
    full = superset_map(skeleton)
    return full.subset(
        name
        for name, mapped, derived in zip(SUPERSET30.keypoints, full.mapped, full.derived)
        if mapped and (not derived or name == 'pelvis')
    )


def _check_option(name: str, value: str, options: tuple[str, ...]) -> None:
    if value not in options:
        raise ValueError(f'{name} got {value!r}, expected one of {options}')


def _list_counts(counts: Counter[str], nothing: str = 'none') -> str:
    return ', '.join(f'{number} {reason}' for reason, number in counts.items()) or nothing

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import KeypointMap, Skeleton, get_skeleton

from .annotation_check import check_exists, check_images, check_person, describe_annotation
from .box_policy import BOX_POLICIES, adjust_box


class UnionSource:
    """One dataset of a union, read by MMPose's own dataset class.

    Args:
        name: Name of the source, stamped on its samples.
        target: Skeleton of the union, K joints.
        dataset: Config of the MMPose dataset, for example ``dict(type='CocoDataset', ann_file=…)``.
        skeleton: Skeleton of its annotations (a name, a :class:`Skeleton` or a metainfo); by
            default what the dataset says of itself.
        derive: Also label the joints that are midpoints of labelled ones (pelvis, thorax).
        box: How large boxes are, one of :data:`BOX_POLICIES`.
        one_based: Coordinates count from 1, as MPII's do; training then subtracts 1. MMPose 1.x
            does so for MPII's box but not for its joints (0.x did for both), so False is what its
            released MPII models were trained with. Testing never shifts: the metric compares with
            the file's own numbers.
        aliases: Further pairs source keypoint -> union joint.
        test_mode: Keep each person's ground truth as the dataset gives it, in the source's own
            skeleton. Otherwise map it to the union.

    Raises:
        ValueError: If an argument is none of its options, or the skeletons share no joint.
    """

    def __init__(
        self,
        name: str,
        target: Skeleton,
        dataset: Mapping[str, Any],
        skeleton: str | Skeleton | Mapping[str, Any] | None = None,
        derive: bool = False,
        box: str = 'tight',
        one_based: bool = False,
        aliases: Mapping[str, str] | None = None,
        test_mode: bool = False,
    ) -> None:
        if box not in BOX_POLICIES:
            raise ValueError(f'source {name!r}: box got {box!r}, expected one of {BOX_POLICIES}')
        if dataset.get('data_mode', 'topdown') != 'topdown':
            raise ValueError(
                f'source {name!r}: data_mode got {dataset["data_mode"]!r}, expected topdown'
            )
        self.name = name
        self.box = box
        self.one_based = one_based
        self.test_mode = test_mode
        self.config = dict(dataset)
        self.title = f'source {name!r}'
        if skeleton is not None and self.config['type'] == 'CocoDataset':
            # It reads COCO-style files of any skeleton, and takes them for COCO's unless told.
            self.config.setdefault('metainfo', get_skeleton(skeleton).metainfo())
        reader = self._reader = self._build()
        self.skeleton = (
            Skeleton.from_metainfo(reader.metainfo) if skeleton is None else get_skeleton(skeleton)
        )
        self._check_names(reader)
        self.map = KeypointMap.between(self.skeleton, target, derive=derive, aliases=aliases)
        if not self.map.mapped.any():
            raise ValueError(
                f'{self.title}: none of its keypoints {list(self.skeleton.keypoints)} is one of '
                f'{target.name!r}, {list(target.keypoints)}'
            )
        self.dataset_name: str = reader.metainfo['dataset_name']
        self.skipped: Counter[str] = Counter()
        #: On how many persons each of the K joints is labelled; None with detected boxes.
        self.label_counts: np.ndarray | None = None
        self.ann_file: str = reader.ann_file
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def report(self) -> str:
        """One line: how many persons there are, from which file, and why others were skipped."""
        skipped = ', '.join(f'{number} {reason}' for reason, number in self.skipped.items())
        return (
            f'{self.title}: {len(self)} persons from {self.ann_file}; skipped: {skipped or "none"}'
        )

    def load(self, images_must_exist: bool) -> list[dict[str, Any]]:
        """Read and check all persons; once.

        Args:
            images_must_exist: Look for every image file.

        Returns:
            list: One sample per person. Training: ``keypoints`` (1, K, 2) float32 and
            ``keypoints_visible`` (1, K, 2) float32, whose channel 0 is the visibility and channel 1
            is 1 where the source has the joint.

        Raises:
            FileNotFoundError: If the annotation, detection or an image file is missing.
            ValueError: If the annotation is not of this source's kind, an entry has a wrong number
                of keypoints or coordinates that are no finite numbers, or no person is left.
        """
        persons = self._read()
        for person in persons:
            check_person(person, self.skeleton, f'{self.title}: {self.ann_file}')
        if not persons:
            raise ValueError(
                f'{self.title}: no person in {self.ann_file}; skipped: {dict(self.skipped)}'
            )
        if images_must_exist:
            check_images([person['img_path'] for person in persons], self.title)
        samples = self._convert(persons)
        self._length = len(samples)
        return samples

    def _build(self) -> BaseDataset:
        # Lists instead of serialised bytes, because the union serialises what it makes of them.
        settings = dict(pipeline=[], test_mode=self.test_mode, lazy_init=True, serialize_data=False)
        return DATASETS.build(self.config | settings)

    def _check_names(self, reader: BaseDataset) -> None:
        info = reader.metainfo
        names = [info['keypoint_id2name'][k] for k in range(info['num_keypoints'])]
        if names != list(self.skeleton.keypoints):
            raise ValueError(
                f'{self.title}: {type(reader).__name__} has the keypoints {names}, but skeleton '
                f'{self.skeleton.name!r} has {list(self.skeleton.keypoints)}'
            )

    def _read(self) -> list[dict[str, Any]]:
        reader = self._reader
        check_exists(reader.ann_file, f'{self.title}: annotation file')
        if getattr(reader, 'bbox_file', None):
            check_exists(reader.bbox_file, f'{self.title}: detection file')
            if self.box == 'keypoints':
                raise ValueError(f'{self.title}: box={self.box!r} needs keypoints, not a bbox_file')
        self.skipped = _count_skipped(reader)
        try:
            reader.full_init()
        except Exception as error:
            raise ValueError(
                f'{self.title}: {type(reader).__name__} cannot read {self.ann_file!r} with '
                f'skeleton {self.skeleton.name!r}: '
                f'{describe_annotation(self.ann_file, self.skeleton)} '
                f'({type(error).__name__}: {error})'
            ) from error
        # The samples replace what it holds.
        self._reader = None
        return reader.data_list

    def _convert(self, persons: list[dict[str, Any]]) -> list[dict[str, Any]]:
        points = np.concatenate([person['keypoints'] for person in persons]).astype(np.float32)
        points -= float(self.one_based)
        visible = np.concatenate([person['keypoints_visible'] for person in persons])
        keypoints, union_visible = self.map.apply(points, visible.astype(np.float32))
        if 'bbox_file' not in self.config:
            self.label_counts = (union_visible > 0).sum(axis=0)
        samples = []
        for n, person in enumerate(persons):
            one = slice(n, n + 1)
            kept = self._kept(person)
            kept['source'] = self.name
            kept['bbox'] = adjust_box(self.box, person['bbox'], points[one], visible[one])
            if not self.test_mode:
                channels = [union_visible[one], self.map.mapped[None].astype(np.float32)]
                kept['keypoints'] = keypoints[one]
                kept['keypoints_visible'] = np.stack(channels, axis=-1)
            samples.append(kept)
        return samples

    def _kept(self, person: dict[str, Any]) -> dict[str, Any]:
        """What the sample keeps of what MMPose read; in training as little as possible."""
        if self.test_mode:
            # Center and scale repeat the box, and GetBBoxCenterScale warns of them every time.
            unused = ('segmentation', 'bbox_center', 'bbox_scale')
            return {key: value for key, value in person.items() if key not in unused}
        used = ('id', 'img_id', 'img_path', 'category_id', 'bbox_score')
        return {key: person[key] for key in used if key in person}


def _count_skipped(reader: BaseDataset) -> Counter[str]:
    """Make a dataset of MMPose count what it leaves out, by reason; it does so without a word."""
    skipped: Counter[str] = Counter()
    if not hasattr(reader, '_is_valid_instance'):
        return skipped
    is_valid, parse = reader._is_valid_instance, reader.parse_data_info

    def counting_is_valid(person: dict[str, Any]) -> bool:
        valid = is_valid(person)
        if not valid:
            skipped[_skip_reason(person)] += 1
        return valid

    def counting_parse(raw: dict[str, Any]) -> dict[str, Any] | None:
        person = parse(raw)
        if not person:
            skipped['without box or keypoints'] += 1
        return person

    reader._is_valid_instance, reader.parse_data_info = counting_is_valid, counting_parse
    return skipped


def _skip_reason(person: dict[str, Any]) -> str:
    if person.get('iscrowd'):
        return 'crowd regions'
    if person.get('num_keypoints') == 0:
        return 'without a labelled keypoint'
    width, height = person['bbox'][0, 2:] - person['bbox'][0, :2]
    if width <= 0 or height <= 0:
        return 'with an empty box'
    return 'without a positive coordinate'

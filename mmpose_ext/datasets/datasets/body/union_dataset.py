from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmengine.logging import print_log
from mmpose.datasets import CombinedDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_ext.datasets.label_tier import TEACHER
from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import UNION21, Skeleton, get_skeleton

from .supervision import label_tiers, supervision_table
from .union_source import UnionSource

_SkeletonLike = str | Skeleton | Mapping[str, Any]


@DATASETS.register_module()
class UnionDataset(CombinedDataset):
    """Several pose datasets as one, in one skeleton.

    The annotations of each source are read by MMPose's own dataset class, checked, and mapped to
    the skeleton by name; what is left out is counted and printed. A sample says where it comes from
    (``source``) and who can know each of its joints (``label_tier``), so that losses and metrics
    can treat sources differently.

    Training samples hold, besides MMPose's keys, ``source`` (str), ``keypoints`` (1, K, 2) float32,
    ``keypoints_visible`` (1, K, 2) float32 with the visibility in channel 0 and 1 in channel 1
    where the source has the joint, and ``label_tier`` (1, K) int8, see
    :mod:`mmpose_ext.datasets.label_tier`. In testing the ground truth stays in its source's own
    skeleton, for the metric of that source; flips are the union's, as the model predicts the union.
    Samples come source after source.

    Args:
        skeleton: Skeleton of the union: a name, a :class:`Skeleton` or a metainfo.
        sources: Arguments of :class:`UnionSource` by source name: ``dataset`` (an MMPose dataset
            config), ``skeleton``, ``derive``, ``box``, ``one_based``, ``aliases``.
        pipeline: Transforms.
        test_mode: Whether samples are for testing.
        derive: ``derive`` of the sources that do not set it.
        teachers: Skeleton of each teacher by name, for the label tiers and the table of
            supervision.
        check_images: Look for every image file at the start.
        serialize_data: Keep samples as bytes that workers share.
        lazy_init: Do not read annotations yet.
        max_refetch: Attempts at another sample when the pipeline returns None.

    Raises:
        FileNotFoundError: If an annotation or image file is missing.
        ValueError: If an annotation does not fit its source, or a source has nothing to learn from.
    """

    METAINFO: dict = UNION21.metainfo()

    def __init__(
        self,
        skeleton: _SkeletonLike,
        sources: Mapping[str, Mapping[str, Any]],
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        derive: bool = False,
        teachers: Mapping[str, _SkeletonLike] | None = None,
        check_images: bool = True,
        serialize_data: bool = True,
        lazy_init: bool = False,
        max_refetch: int = 1000,
    ) -> None:
        if not sources:
            raise ValueError(f'sources got {sources!r}, expected at least one source')
        self.skeleton = get_skeleton(skeleton)
        self.teachers = {name: get_skeleton(value) for name, value in (teachers or {}).items()}
        self.check_images = check_images
        # `datasets`, `_lens` and `resample` are what CombinedDataset and MultiSourceSampler know.
        self.datasets = [
            UnionSource(
                name,
                self.skeleton,
                test_mode=test_mode,
                **(dict(derive=derive) | _without_none(arguments)),
            )
            for name, arguments in sources.items()
        ]
        self.resample = False
        # CombinedDataset would build and keep the sources a second time.
        super(CombinedDataset, self).__init__(
            pipeline=pipeline,
            test_mode=test_mode,
            serialize_data=serialize_data,
            lazy_init=True,
            max_refetch=max_refetch,
        )
        self._metainfo = parse_pose_metainfo(self.skeleton.metainfo())
        # MMPose's gt_to_coco_json asks for the categories.
        self._metainfo['CLASSES'] = [dict(id=1, name='person', supercategory='person')]
        self._common = {
            key: self._metainfo[key]
            for key in (
                'upper_body_ids',
                'lower_body_ids',
                'flip_pairs',
                'dataset_keypoint_weights',
                'flip_indices',
                'skeleton_links',
            )
        }
        self._tiers = {
            source.name: label_tiers(source.map, self.teachers) for source in self.datasets
        }
        self._dataset_names = {source.name: source.dataset_name for source in self.datasets}
        if not lazy_init:
            self.full_init()

    @property
    def source_lengths(self) -> dict[str, int]:
        """Number of samples of each source, in the order in which they come."""
        return {source.name: len(source) for source in self.datasets}

    def full_init(self) -> None:
        """Read all sources and print what they hold."""
        if self._fully_initialized:
            return
        for source in self.datasets:
            self.data_list += source.load(self.check_images)
            print_log(source.report, logger='current')
            self._check_supervised(source)
        self._lens = [len(source) for source in self.datasets]
        self._len = sum(self._lens)
        counts = {source.name: source.label_counts for source in self.datasets}
        table = supervision_table(self.skeleton, self._tiers, counts, self.teachers)
        verb = 'labels' if self.test_mode else 'supervises'
        title = f'Who {verb} the joints of {self.skeleton.name!r}'
        print_log(
            f'{title} (in brackets: on how many persons):\n{table}',
            logger='current',
        )
        if self.serialize_data:
            self.data_bytes, self.data_address = self._serialize_data()
        self._fully_initialized = True

    @force_full_init
    def __len__(self) -> int:
        return self._len

    def get_data_info(self, idx: int) -> dict:
        """The sample before the pipeline. Lists in it belong to the dataset and must not be changed
        in place.

        Args:
            idx: Index of the sample; negative ones count from the end.
        """
        sample = BaseDataset.get_data_info(self, range(len(self))[idx])
        sample.update(self._common, dataset_name=self._dataset_names[sample['source']])
        if not self.test_mode:
            sample['label_tier'] = self._tiers[sample['source']][None].copy()
        return sample

    def _check_supervised(self, source: UnionSource) -> None:
        if self.test_mode or np.any(source.label_counts):
            return
        if not np.any(self._tiers[source.name] == TEACHER):
            raise ValueError(
                f'{source.title}: no joint of {self.skeleton.name!r} is labelled on any of its '
                f'{len(source)} persons, and no teacher knows one; nothing can be learnt from it'
            )


def _without_none(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """``derive=None`` in a config means the dataset's default."""
    return {key: value for key, value in arguments.items() if value is not None}

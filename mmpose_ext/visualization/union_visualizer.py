"""The visualizer of ``--show-dir`` and ``MMPoseInferencer`` for models of the union skeleton."""

from collections.abc import Mapping

import numpy as np
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from mmpose.visualization import PoseLocalVisualizer

from mmpose_ext.registry import VISUALIZERS
from mmpose_ext.skeletons import Skeleton, get_skeleton
from mmpose_ext.visualization.draw_keypoints import draw_keypoints


@VISUALIZERS.register_module()
class UnionVisualizer(PoseLocalVisualizer):
    """Draws people sized to the person, keypoints the dataset lacks in red.

    Everything else (boxes, heatmaps, backends, arguments of ``add_datasample``) is
    :class:`PoseLocalVisualizer`'s. Its default ``radius`` of 3 and ``line_width`` of 1 mean 4 px
    dots and
    2 px links on a person 300 px tall; other values scale these.

    Args:
        name: Name of the instance.
        bases: Skeleton of each source's own labels, by the ``source`` of the data sample.
        base: Skeleton of the labels for samples without a source, or with one not in ``bases``.
            By default no keypoint counts as added there.
        kwargs: Arguments of :class:`PoseLocalVisualizer`.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        bases: Mapping[str, str] | None = None,
        base: str | None = None,
        **kwargs,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.bases = {source: get_skeleton(name) for source, name in (bases or {}).items()}
        self.base = None if base is None else get_skeleton(base)
        self._sample_base: Skeleton | None = self.base
        self._skeleton: Skeleton | None = None

    def set_dataset_meta(self, dataset_meta: dict, skeleton_style: str = 'mmpose') -> None:
        """Take the skeleton from ``dataset_meta``, as :class:`PoseLocalVisualizer` does."""
        super().set_dataset_meta(dataset_meta, skeleton_style)
        self._skeleton = Skeleton.from_metainfo(dataset_meta) if dataset_meta else None

    def add_datasample(
        self, name: str, image: np.ndarray, data_sample: PoseDataSample, *args, **kwargs
    ) -> np.ndarray:
        """Draw a data sample; the arguments are :meth:`PoseLocalVisualizer.add_datasample`'s."""
        self._sample_base = self.bases.get(data_sample.get('source'), self.base)
        return super().add_datasample(name, image, data_sample, *args, **kwargs)

    def _draw_instances_kpts(
        self,
        image: np.ndarray,
        instances: InstanceData,
        kpt_thr: float = 0.3,
        show_kpt_idx: bool = False,
        skeleton_style: str = 'mmpose',
    ) -> np.ndarray:
        if skeleton_style != 'mmpose' or 'keypoints' not in instances or self._skeleton is None:
            return super()._draw_instances_kpts(
                image, instances, kpt_thr, show_kpt_idx, skeleton_style
            )
        keypoints = instances.get('transformed_keypoints', instances.keypoints)
        skeleton = self._skeleton
        # Ground truth of a test set is in its source's own skeleton.
        base = self._sample_base
        if base is not None and keypoints.shape[1] == base.num_keypoints:
            skeleton = base
        visible = np.asarray(instances.get('keypoints_visible', np.ones(keypoints.shape[:2])))
        drawn = draw_keypoints(
            image,
            keypoints,
            visible[..., 0] if visible.ndim == 3 else visible,
            skeleton,
            base,
            kpt_thr,
            radius=4.0 * self.radius / 3,
            thickness=2.0 * self.line_width,
            channel_order='rgb',
            indices=show_kpt_idx,
        )
        self.set_image(drawn)
        return drawn

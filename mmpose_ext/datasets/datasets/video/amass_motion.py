from dataclasses import replace
from typing import Any

import numpy as np
from mmengine.dataset import force_full_init

from mmpose_ext.registry import DATASETS

from .base_clip_dataset import BaseClipDataset
from .clip_file import ClipFile

_ROOT = 3


@DATASETS.register_module()
class AMASSMotion(BaseClipDataset):
    """Clips of real motion, for a motion discriminator (AMASS, Mahmood et al., ICCV 2019).

    A sample has ``motion`` (T, 69) float32, the rotation vectors of SMPL's 23 body joints without
    the global orientation, and what :class:`BaseClipDataset` says.

    Args:
        ann_file: Clip file with ``smpl_pose``, relative to ``data_root``.
        kwargs: Arguments of :class:`BaseClipDataset`.

    Raises:
        ValueError: If the file has no SMPL pose, or frames without.
    """

    SOURCE = 'amass'

    def __init__(self, ann_file: str = 'clips/amass.npz', **kwargs: Any) -> None:
        super().__init__(ann_file=ann_file, **kwargs)

    def prepare(self, table: ClipFile) -> ClipFile:
        """Keep the body's pose only."""
        if table.smpl_pose is None or (table.has_smpl == 0).any():
            raise ValueError(
                f"{self.title}: {self.ann_file!r} has frames without 'smpl_pose', expected motion"
            )
        self._motion = np.ascontiguousarray(table.smpl_pose[:, _ROOT:])
        names = table.columns().keys() - {'video_id', 'frame_idx', 'fps', 'gender'}
        return replace(table, **dict.fromkeys(names))

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The sample before the pipeline, see the class."""
        sample = super().get_data_info(idx)
        sample['motion'] = self._motion[self.rows(idx)]
        return sample

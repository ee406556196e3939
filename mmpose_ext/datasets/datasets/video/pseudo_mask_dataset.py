from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmengine.fileio import join_path
from mmengine.logging import print_log

from mmpose_ext.datasets.datasets.body.annotation_check import check_images
from mmpose_ext.datasets.transforms.mask_files import mask_file
from mmpose_ext.registry import DATASETS

from .clip_file import ClipFile, read_clip_file


@DATASETS.register_module()
class PseudoMaskDataset(BaseDataset):
    """Single frames of a clip file whose foreground masks were made, to train a segmentor with.

    A sample has ``img_path``, ``mask_path``, ``bbox_xywh`` (4,), the tight box in pixels, and
    ``id`` (its row), ``video_id``, ``frame_id``, ``source``. Frames without a mask are left out;
    how many is printed.

    Args:
        ann_file: Clip file with masks, relative to ``data_root``, as
            ``tools/dataset_converters/make_pseudo_masks.py`` writes it.
        data_root: Folder of the dataset.
        data_prefix: ``img`` and ``mask``: folders of the images and masks.
        pipeline: Transforms.
        test_mode: Whether samples are for testing.
        source: Name of the dataset in samples; by default the class's.
        every: Take every n-th of a track's frames that have masks.
        check_files: Look for every image and mask at the start.
        kwargs: Further arguments of MMEngine's ``BaseDataset``.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the clip file is damaged, names no images or masks, or ``every`` is not
            positive.
    """

    METAINFO: dict = dict(classes=('background', 'person'))
    SOURCE = 'pseudo_masks'

    def __init__(
        self,
        ann_file: str = '',
        data_root: str = '',
        data_prefix: Mapping[str, str] | None = None,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        source: str | None = None,
        every: int = 1,
        check_files: bool = True,
        **kwargs: Any,
    ) -> None:
        if every < 1:
            raise ValueError(f'every got {every!r}, expected at least 1')
        if kwargs.pop('serialize_data', False):
            raise ValueError('serialize_data got True: samples are rows of shared arrays already')
        self.source = source or self.SOURCE
        self.every = every
        self.check_files = check_files
        #: How many frames are left out, by reason.
        self.skipped: Counter[str] = Counter()
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=dict(data_prefix or dict(img='', mask='')),
            pipeline=list(pipeline),
            test_mode=test_mode,
            serialize_data=False,
            **kwargs,
        )

    def load_data_list(self) -> np.ndarray:
        """Read and check; returns the rows that are samples."""
        title = f'{type(self).__name__} {self.source!r}'
        table = read_clip_file(self.ann_file, f'{title}: clip file')
        missing = [
            name
            for name in ('image_path', 'mask_path', 'bbox_xywh')
            if getattr(table, name) is None
        ]
        if missing:
            raise ValueError(
                f'{title}: {self.ann_file!r} has no {missing}. Masks are made by '
                'tools/dataset_converters/make_pseudo_masks.py, which writes a clip file with them'
            )
        rows = self._choose(table)
        if not len(rows):
            raise ValueError(f'{title}: {self.ann_file!r} has no frame with a mask')
        # Four bytes a letter would be most of a large table.
        self.table = table.take(rows)
        self._paths = {
            prefix: np.char.encode(np.array([self._join(prefix, name) for name in names]), 'utf-8')
            for prefix, names in (('img', self.table.image_path), ('mask', self.table.mask_path))
        }
        self._rows = rows
        if self.check_files:
            check_images([path.decode() for path in self._paths['img']], title)
            files = dict.fromkeys(mask_file(path.decode()) for path in self._paths['mask'])
            check_images(list(files), f'{title}: masks')
        skipped = ', '.join(f'{n} {reason}' for reason, n in self.skipped.items()) or 'none'
        print_log(
            f'{title}: {len(rows)} frames of {len(np.unique(self.table.video_id))} tracks in '
            f'{self.ann_file}; skipped: {skipped}',
            logger='current',
        )
        return np.arange(len(rows))

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The sample before the pipeline, see the class."""
        index = int(self.data_list[idx])
        return dict(
            id=int(self._rows[index]),
            sample_idx=idx if idx >= 0 else len(self) + idx,
            source=self.source,
            img_path=self._paths['img'][index].decode(),
            mask_path=self._paths['mask'][index].decode(),
            bbox_xywh=self.table.bbox_xywh[index, :4].copy(),
            video_id=str(self.table.video_id[index]),
            frame_id=int(self.table.frame_idx[index]),
        )

    def _choose(self, table: ClipFile) -> np.ndarray:
        rows = np.flatnonzero(table.mask_path != '')
        if without := len(table) - len(rows):
            self.skipped['frames without a mask'] = without
        track = table.video_id[rows]
        starts = np.flatnonzero(np.concatenate([[True], track[1:] != track[:-1]]))
        position = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
        chosen = position % self.every == 0
        if between := int((~chosen).sum()):
            self.skipped['frames between the chosen ones'] = between
        return rows[chosen]

    def _join(self, prefix: str, name: str) -> str:
        folder = self.data_prefix.get(prefix, '')
        return join_path(folder, name) if folder else name

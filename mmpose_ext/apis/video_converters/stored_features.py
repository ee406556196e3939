"""Features that came with a dataset, as a file of their own."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_ext.datasets.datasets.video import ClipFile, FeatureManifest, rows_crc32

_CHUNK = 4096


def write_features(
    out: Path,
    features: Any,
    rows: np.ndarray,
    table: ClipFile,
    ann_file: Path,
    backbone: str,
    crop_scale: float,
) -> Path:
    """Write features and their manifest, a piece at a time; a reader never sees half of it.

    Args:
        out: The ``.npy`` file.
        features: Anything that gives rows by index, (M, C).
        rows: Which of them belongs to each row of the table, (N,).
        table: The rows of the clip file.
        ann_file: The clip file.
        backbone: Name of the network that made them.
        crop_scale: Side of the crops in sides of the tight box's larger side.

    Returns:
        ``out``.

    Raises:
        ValueError: If a feature is not finite.
    """
    channels = int(features.shape[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f'.{out.name}.tmp-{os.getpid()}')
    try:
        array = np.lib.format.open_memmap(
            temporary, 'w+', dtype=np.float32, shape=(len(rows), channels)
        )
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            # HDF5 wants increasing indices.
            order = np.argsort(part, kind='stable')
            values = np.empty((len(part), channels), np.float32)
            values[order] = features[part[order]]
            if not np.isfinite(values).all():
                bad = start + int(np.argmax(~np.isfinite(values).all(axis=1)))
                raise ValueError(f'features of {table.row_name(bad)} are not finite')
            array[start : start + len(part)] = values
        array.flush()
        # That of features that were here before.
        FeatureManifest.path_for(out).unlink(missing_ok=True)
        os.replace(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)
    FeatureManifest(
        ann_file=ann_file.name,
        ann_crc32=rows_crc32(table.video_id, table.frame_idx),
        rows=len(rows),
        channels=channels,
        backbone=backbone,
        checkpoint='',
        checkpoint_crc32=0,
        crop_scale=crop_scale,
        input_size=224,
    ).write(out)
    return out

"""SMPL parameters as NeuralAnnot publishes them: one object per annotation id."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mmpose_ext.body_models import BodyModel

from .columns import intrinsics, read_column, read_json
from .smpl_fits import SMPLFits


def read_neural_annot(
    file: str, ids: np.ndarray, title: str, body_of: Callable[[str], BodyModel]
) -> tuple[SMPLFits, np.ndarray, np.ndarray, list[Mapping[str, Any]]]:
    """Read the fits of some people (Moon et al., "NeuralAnnot", CVPR Workshops 2022).

    Args:
        file: Path; entries by annotation id, each with ``smpl_param`` (``pose, shape, trans``, in
            camera space) and ``cam_param`` (``focal, princpt``).
        ids: Annotation ids, (N,).
        title: The dataset, the start of messages.
        body_of: Gives the body model of a gender.

    Returns:
        tuple: M fits; the index of each person's fit (N,), -1 for none; cameras of the fits
        (M, 3, 3); the M entries of the file.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If it is of another format, or a number is not finite or a focal length not
            positive.
    """
    content = read_json(file, f'{title}: SMPL parameter file')
    title = f'{title}: {file!r}'
    found = [(n, content[str(i)]) for n, i in enumerate(ids.tolist()) if str(i) in content]
    names = [int(ids[n]) for n, _ in found]
    entries = [entry for _, entry in found]
    for name, entry in zip(names, entries):
        for key in ('smpl_param', 'cam_param'):
            if not isinstance(entry, Mapping) or key not in entry:
                raise ValueError(f'{title}: entry {name} has no {key!r}')
    fits = SMPLFits.parse([entry['smpl_param'] for entry in entries], names, title, body_of)
    cameras = read_cameras([entry['cam_param'] for entry in entries], names, title)
    index = np.full(len(ids), -1, np.int32)
    index[[n for n, _ in found]] = np.arange(len(found))
    return fits, index, cameras, entries


def read_cameras(
    entries: list[Mapping[str, Any]],
    names: list[Any],
    title: str,
    focal: str = 'focal',
    centre: str = 'princpt',
) -> np.ndarray:
    """Camera matrices (N, 3, 3) of entries with two focal lengths and a principal point.

    Raises:
        ValueError: If a field is missing or not finite, or a focal length is not positive.
    """
    return intrinsics(
        read_column(entries, focal, (2,), names, title),
        read_column(entries, centre, (2,), names, title),
        names,
        title,
    )

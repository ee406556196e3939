"""Files in Human3.6M's format, as prepared for mesh recovery."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from .files import dump_json, write_atomically

_IMAGE = ('id', 'file_name', 'width', 'height')
_SHOT = ('subject', 'action_name', 'action_idx', 'subaction_idx', 'cam_idx', 'frame_idx')


def write_human36m(records: Sequence[dict], folder: Path) -> list[Path]:
    """Write ``Human36M_subject{S}_{data,camera,joint_3d,smpl_param}.json`` of every subject.

    Args:
        records: Records of images of the laboratory.
        folder: Where the files go.

    Returns:
        The files.
    """
    by_subject: dict[int, list[dict]] = defaultdict(list)
    for record in records:
        by_subject[record['subject']].append(record)
    written = []
    for subject, own in sorted(by_subject.items()):
        data = dict(
            images=[{name: record[name] for name in (*_IMAGE, *_SHOT)} for record in own],
            annotations=[
                dict(id=record['id'], image_id=record['id'], bbox=record['bbox']) for record in own
            ],
        )
        contents = dict(
            data=data,
            camera=own[0]['cameras'],
            joint_3d=_by_frame(own, 'joint_3d'),
            smpl_param=_by_frame(own, 'smpl_param'),
        )
        written += [
            write_atomically(folder / f'Human36M_subject{subject}_{name}.json', dump_json(content))
            for name, content in contents.items()
        ]
    return written


def _by_frame(records: Sequence[dict], name: str) -> dict:
    """Nest by action, subaction and frame; all cameras of a frame say the same."""
    result: dict = {}
    for record in records:
        takes = result.setdefault(str(record['action_idx']), {})
        frames = takes.setdefault(str(record['subaction_idx']), {})
        frames[str(record['frame_idx'])] = record[name]
    return result

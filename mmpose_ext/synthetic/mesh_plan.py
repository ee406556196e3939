"""Which images a data set for mesh recovery consists of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from .coco_writer import write_coco
from .human36m_writer import write_human36m
from .neural_annot_writer import write_neural_annot
from .plan import Plan, Split
from .pw3d_writer import write_pw3d
from .studio import CAMERAS, Shot

TRAIN_SUBJECTS, TEST_SUBJECTS = (1, 5, 6, 7, 8), (9, 11)
# Human3.6M is read every 5th frame for training, every 64th of camera 4 for testing.
TRAIN_STRIDE, TEST_STRIDE, TEST_CAMERAS = 5, 64, (4,)
PW3D_PARTS = ('train', 'validation', 'test')
# Every domain has half of a part's images, in sequences of this name.
_PW3D_SEQUENCES = dict(crowd='plaza_crowd', open='meadow_stroll')
_SEQUENCE_LENGTH = 50


@dataclass(frozen=True)
class StudioSplit(Split):
    """Images of Human3.6M's laboratory: all combinations of the following.

    Args:
        subjects: Numbers of the people.
        actions: Numbers of what they do.
        frames: Number of frames of each of the two takes of an action.
        stride: Distance of two frames.
        cameras: Numbers of the cameras.
    """

    subjects: tuple[int, ...] = ()
    actions: tuple[int, ...] = ()
    frames: int = 1
    stride: int = 1
    cameras: tuple[int, ...] = CAMERAS

    def shot(self, index: int) -> Shot:
        """Which image of the laboratory an image of the split is."""
        sizes = len(self.subjects), len(self.actions), 2, self.frames, len(self.cameras)
        subject, action, take, frame, camera = np.unravel_index(index, sizes)
        return Shot(
            subject=self.subjects[subject],
            action=self.actions[action],
            subaction=int(take) + 1,
            frame=int(frame) * self.stride,
            camera=self.cameras[camera],
        )

    def file_name(self, index: int) -> str:
        """Name of an image's file in Human3.6M's scheme."""
        shot = self.shot(index)
        video = (
            f's_{shot.subject:02d}_act_{shot.action:02d}'
            f'_subact_{shot.subaction:02d}_ca_{shot.camera:02d}'
        )
        # Frames count from 0, files from 1.
        return f'{video}/{video}_{shot.frame + 1:06d}.jpg'


@dataclass(frozen=True)
class SequenceSplit(Split):
    """Images in folders, each a sequence with a name, as in 3DPW.

    Args:
        sequence: Name of the sequences, which are counted.
        length: Number of images of a sequence.
    """

    sequence: str = ''
    length: int = 1

    def file_name(self, index: int) -> str:
        """Name of an image's file."""
        number, image = divmod(index, self.length)
        return f'{self.sequence}_{number:02d}/image_{image:05d}.jpg'


@dataclass(frozen=True)
class MeshSize:
    """How large a data set is.

    Args:
        actions: Numbers of Human3.6M's actions.
        train_frames: Frames of each of the two takes of an action of a training subject.
        test_frames: The same of testing subjects.
        coco: Images in COCO's format.
        pw3d: Images of 3DPW's train, validation and test splits, a multiple of 2.
        image_scale: Factor on image sizes.
    """

    actions: tuple[int, ...]
    train_frames: int
    test_frames: int
    coco: int
    pw3d: tuple[int, int, int]
    image_scale: float = 1


MESH_SIZES = dict(
    tiny=MeshSize((2,), 1, 2, 8, (2, 2, 8), 0.5),
    small=MeshSize((2, 3, 7, 8, 9, 10, 14, 15), 4, 6, 2000, (240, 80, 400)),
    full=MeshSize(tuple(range(2, 17)), 17, 26, 20000, (1920, 640, 3200)),
)


def mesh_plan(size: str) -> Plan:
    """Plan stand-ins of Human3.6M, of COCO with SMPL fits, and of 3DPW.

    Args:
        size: A key of ``MESH_SIZES``.

    Returns:
        The plan.
    """
    amounts = MESH_SIZES[size]
    scale = amounts.image_scale
    return Plan(
        'mesh',
        size,
        (
            _studio('train', amounts, amounts.train_frames, 21),
            _studio('test', amounts, amounts.test_frames, 22),
            Split(
                name='coco_train',
                domain='wild',
                labels='neural_annot',
                count=amounts.coco,
                folder='MSCOCO/images/train2017',
                stream=23,
                image_scale=scale,
                genders=('neutral',),
            ),
            *(
                _outdoors(part, domain, count // 2, 24 + 2 * number + half, scale)
                for number, (part, count) in enumerate(zip(PW3D_PARTS, amounts.pw3d))
                for half, domain in enumerate(_PW3D_SEQUENCES)
            ),
        ),
        _write,
    )


def _studio(part: str, amounts: MeshSize, frames: int, stream: int) -> StudioSplit:
    training = part == 'train'
    subjects = TRAIN_SUBJECTS if training else TEST_SUBJECTS
    cameras = CAMERAS if training else TEST_CAMERAS
    return StudioSplit(
        name=f'human36m_{part}',
        domain='studio',
        labels='human36m',
        count=len(subjects) * len(amounts.actions) * 2 * frames * len(cameras),
        folder='Human36M/images',
        stream=stream,
        first_id=1 if training else 500001,
        image_scale=amounts.image_scale,
        genders=('neutral',),
        subjects=subjects,
        actions=amounts.actions,
        frames=frames,
        stride=TRAIN_STRIDE if training else TEST_STRIDE,
        cameras=cameras,
    )


def _outdoors(part: str, domain: str, count: int, stream: int, scale: float) -> SequenceSplit:
    return SequenceSplit(
        name=f'pw3d_{part}_{domain}',
        domain=domain,
        labels='pw3d',
        count=count,
        folder='PW3D/data/imageFiles',
        stream=stream,
        first_id=100000 * (stream - 24) + 1,
        image_scale=scale,
        sequence=f'{_PW3D_SEQUENCES[domain]}_{part}',
        length=_SEQUENCE_LENGTH,
    )


def _write(records: Mapping[str, Sequence[dict]], out: Path) -> list[Path]:
    studio = [*records['human36m_train'], *records['human36m_test']]
    coco = out / 'MSCOCO' / 'annotations'
    written = [
        *write_human36m(studio, out / 'Human36M' / 'annotations'),
        write_coco(records['coco_train'], coco / 'person_keypoints_train2017.json'),
        write_neural_annot(records['coco_train'], coco / 'MSCOCO_train_SMPL_NeuralAnnot.json'),
    ]
    for part in PW3D_PARTS:
        halves = [records[f'pw3d_{part}_{domain}'] for domain in _PW3D_SEQUENCES]
        path = out / 'PW3D' / 'data' / f'3DPW_latest_{part}.json'
        written.append(write_pw3d([*chain(*halves)], path))
    return written

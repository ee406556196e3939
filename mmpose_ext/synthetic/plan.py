"""Which images a data set consists of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .coco_writer import write_coco, write_detections, write_union
from .halpe_writer import write_halpe
from .mpii_writer import write_head_boxes, write_mpii

Writer = Callable[[Mapping[str, Sequence[dict]], Path], list[Path]]


@dataclass(frozen=True)
class Split:
    """A series of images of one kind.

    Args:
        name: Unique within a plan.
        domain: Name of the domain, a key of ``DOMAINS``.
        labels: What is annotated: 'coco', 'mpii', 'union', or with bodies 'human36m',
            'neural_annot', 'pw3d'; of videos 'mpi_inf_3dhp', 'mpi_inf_3dhp_test', 'pw3d_video',
            'penn_action', 'amass'.
        count: Number of images.
        folder: Folder of the images, relative to the data set's.
        stream: Number of the random stream; two splits with different numbers share no image.
        first_id: Id of the first image; ids are the file names.
        digits: Digits of the file names.
        image_scale: Factor on the domain's image sizes.
        genders: Body models of the people.
    """

    name: str
    domain: str
    labels: str
    count: int
    folder: str
    stream: int
    first_id: int = 1
    digits: int = 12
    image_scale: float = 1
    genders: tuple[str, ...] = ('female', 'male')

    def file_name(self, index: int) -> str:
        """Name of an image's file, relative to the folder."""
        return f'{self.first_id + index:0{self.digits}d}.jpg'


@dataclass(frozen=True)
class Plan:
    """A data set to be made.

    Args:
        name: Name of the kind of data set.
        size: Name of its size.
        splits: Its images.
        write: Writes the annotation files from the images' records, by split.
    """

    name: str
    size: str
    splits: tuple[Split, ...]
    write: Writer

    @property
    def count(self) -> int:
        """Number of images."""
        return sum(split.count for split in self.splits)


# Images of COCO train, COCO val, MPII train, MPII val, and the factor on their size.
POSE_SIZES = dict(
    tiny=(24, 12, 24, 12, 0.5), small=(2000, 400, 1700, 400, 1), full=(15000, 2000, 12500, 2000, 1)
)
# Images of either style, and the factor on their size.
PRETRAIN_SIZES = dict(tiny=(16, 0.5), small=(6000, 1), full=(15000, 1))


def pose_plan(size: str) -> Plan:
    """Plan stand-ins of COCO, MPII and Halpe in the folders and files that MMPose expects.

    Args:
        size: A key of ``POSE_SIZES``.

    Returns:
        The plan.
    """
    coco_train, coco_val, mpii_train, mpii_val, scale = POSE_SIZES[size]
    splits = (
        Split('coco_train', 'coco', 'coco', coco_train, 'coco/train2017', 1, 1, 12, scale),
        Split('coco_val', 'coco', 'coco', coco_val, 'coco/val2017', 2, 500001, 12, scale),
        Split('mpii_train', 'mpii', 'mpii', mpii_train, 'mpii/images', 3, 1, 9, scale),
        Split('mpii_val', 'mpii', 'mpii', mpii_val, 'mpii/images', 4, 500001, 9, scale),
    )
    return Plan('pose', size, splits, _write_pose)


def pretrain_plan(size: str) -> Plan:
    """Plan images of both styles with 21 keypoints each, which share nothing with ``pose``.

    Args:
        size: A key of ``PRETRAIN_SIZES``.

    Returns:
        The plan.
    """
    count, scale = PRETRAIN_SIZES[size]
    splits = (
        Split('pretrain_coco', 'coco', 'union', count, 'images', 11, 1, 12, scale),
        Split('pretrain_mpii', 'mpii', 'union', count, 'images', 12, 500001, 12, scale),
    )
    return Plan('pretrain', size, splits, _write_pretrain)


def _write_pose(records: Mapping[str, Sequence[dict]], out: Path) -> list[Path]:
    coco, mpii = out / 'coco', out / 'mpii' / 'annotations'
    detections = coco / 'person_detection_results'
    return [
        write_coco(records['coco_train'], coco / 'annotations/person_keypoints_train2017.json'),
        write_coco(records['coco_val'], coco / 'annotations/person_keypoints_val2017.json'),
        write_detections(
            records['coco_val'], detections / 'COCO_val2017_detections_AP_H_56_person.json'
        ),
        write_halpe(records['coco_val'], out / 'halpe/annotations/halpe_val_v1.json'),
        write_mpii(records['mpii_train'], mpii / 'mpii_train.json'),
        write_mpii(records['mpii_val'], mpii / 'mpii_val.json'),
        write_head_boxes(records['mpii_val'], mpii / 'mpii_gt_val.mat'),
    ]


def _write_pretrain(records: Mapping[str, Sequence[dict]], out: Path) -> list[Path]:
    both = [*records['pretrain_coco'], *records['pretrain_mpii']]
    return [write_union(both, out / 'annotations/union21_train.json')]

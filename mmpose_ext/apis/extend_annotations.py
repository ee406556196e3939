"""Write annotations with the keypoints a dataset lacks: resumable, in shares, always the same."""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from mmpose_ext.apis.label_extension import ExtensionSettings, extend_person
from mmpose_ext.apis.people_file import read_people_file
from mmpose_ext.apis.pose_predictor import PosePredictor
from mmpose_ext.skeletons import get_skeleton

# Images of one work unit. The people of a unit go through the network together, so this number
# must not
# depend on the number of workers: the last bits of a convolution depend on the batch.
_UNIT_IMAGES = 16


@dataclass(frozen=True)
class ExtensionJob:
    """One dataset to extend.

    Args:
        config: Config of the student.
        checkpoint: Its checkpoint.
        ann_file: The dataset's annotation file.
        img_dir: Folder of its images.
        out_file: The file to write.
        settings: What to predict, and what of it to keep.
        device: Where the student runs.
    """

    config: Path
    checkpoint: Path
    ann_file: Path
    img_dir: Path
    out_file: Path
    settings: ExtensionSettings
    device: str = 'cpu'

    @property
    def part_dir(self) -> Path:
        """Folder of the finished units."""
        return self.out_file.with_name(f'{self.out_file.name}.parts')

    def signature(self) -> dict[str, Any]:
        """All that the result depends on; parts of another signature are not reused."""
        # The whole config with what it inherits, not the text of its file.
        config = json.dumps(Config.fromfile(self.config).to_dict(), sort_keys=True, default=str)
        return dict(
            config=_sha256(config.encode()),
            checkpoint=_sha256(self.checkpoint.read_bytes()),
            ann_file=_sha256(self.ann_file.read_bytes()),
            device=self.device.partition(':')[0],
            unit_images=_UNIT_IMAGES,
            **asdict(self.settings),
        )


def extend_annotations(
    job: ExtensionJob,
    workers: int = 1,
    shard: tuple[int, int] = (0, 1),
    progress: Callable[[int, int], None] | None = None,
) -> bool:
    """Write a COCO-style file with the dataset's own labels and the keypoints it lacks.

    The work is cut into units of a few images. Each finished unit is a small file beside the
    output, so that a stopped run continues, and several machines can share the work (``shard``).
    The call that finds all units finished writes the output. It has the same bytes whatever the
    workers, shards and stops.

    Args:
        job: The dataset and the student.
        workers: Processes.
        shard: Index (from 0) and number of the shares of the work.
        progress: Called with the number of finished and of all units of this share.

    Returns:
        Whether the output is complete. False if units of other shards are missing.

    Raises:
        ValueError: If a file is not what it should be, or parts of other settings lie beside the
            output.
    """
    content = read_people_file(job.ann_file, job.settings.source)
    signature = job.signature()
    if job.out_file.exists() and _signature_of(job.out_file) == signature:
        return True
    _claim_part_dir(job, signature)
    images = content['images']
    units = [images[first : first + _UNIT_IMAGES] for first in range(0, len(images), _UNIT_IMAGES)]
    people = _people_by_image(content['annotations'])
    index, shares = shard
    todo = [
        (number, unit, [people.get(image['id'], []) for image in unit])
        for number, unit in enumerate(units)
        if number % shares == index and not _part_file(job, number).exists()
    ]
    total = len(range(index, len(units), shares))
    _run(job, todo, workers, lambda done: progress and progress(total - len(todo) + done, total))
    if not all(_part_file(job, number).exists() for number in range(len(units))):
        return False
    _write_output(job, content, len(units), signature)
    return True


def _people_by_image(annotations: Sequence[dict]) -> dict[Any, list[dict]]:
    """People with at least one label; crowds have none."""
    people: dict[Any, list[dict]] = {}
    for annotation in annotations:
        if any(annotation.get('keypoints', ())[2::3]) and not annotation.get('iscrowd'):
            people.setdefault(annotation['image_id'], []).append(annotation)
    return people


def _run(
    job: ExtensionJob, todo: Sequence[tuple], workers: int, report: Callable[[int], None]
) -> None:
    report(0)
    if not todo:
        return
    if workers <= 1:
        predictor = PosePredictor(job.config, job.checkpoint, job.device)
        for done, unit in enumerate(todo, 1):
            _extend_unit(job, predictor, *unit)
            report(done)
        return
    # Processes that start afresh: a forked child of a process that used PyTorch can hang.
    context = multiprocessing.get_context('spawn')
    with context.Pool(min(workers, len(todo)), _start_worker, (job,)) as pool:
        for done, _ in enumerate(pool.imap_unordered(_work, todo), 1):
            report(done)


_worker: tuple[ExtensionJob, PosePredictor] | None = None


def _start_worker(job: ExtensionJob) -> None:
    global _worker
    _worker = job, PosePredictor(job.config, job.checkpoint, job.device)


def _work(unit: tuple) -> None:
    assert _worker is not None
    _extend_unit(*_worker, *unit)


def _extend_unit(
    job: ExtensionJob,
    predictor: PosePredictor,
    number: int,
    images: Sequence[dict],
    people: Sequence[Sequence[dict]],
) -> None:
    files = [job.img_dir / image['file_name'] for image in images]
    boxes = [[person['bbox'] for person in group] for group in people]
    shapes, predictions = predictor(files, boxes, clip=job.settings.source == 'coco')
    annotations = {}
    for group, found in zip(people, predictions, strict=True):
        for person, (keypoints, scores) in zip(group, found, strict=True):
            labels = np.asarray(person['keypoints'], dtype=np.float64).reshape(-1, 3)
            annotations[person['id']] = _plain(
                *extend_person(labels, keypoints, scores, job.settings)
            )
    sizes = {image['id']: shape for image, shape in zip(images, shapes, strict=True)}
    part = dict(sizes=list(sizes.items()), annotations=list(annotations.items()))
    _write_atomically(_part_file(job, number), part)


def _plain(keypoints: np.ndarray, tiers: np.ndarray, confidences: np.ndarray) -> dict[str, Any]:
    return dict(
        num_keypoints=int((keypoints[:, 2] > 0).sum()),
        keypoints=[_whole(value) for value in keypoints.ravel()],
        keypoint_tiers=tiers.tolist(),
        keypoint_confidences=confidences.tolist(),
    )


def _whole(value: float) -> int | float:
    """A number as annotation files write it: without a fraction where it has none."""
    return int(value) if float(value).is_integer() else float(value)


def _write_output(
    job: ExtensionJob, content: dict, number_of_units: int, signature: dict[str, Any]
) -> None:
    skeleton = get_skeleton(job.settings.skeleton)
    extended: dict[Any, dict] = {}
    sizes: dict[Any, list[int]] = {}
    for number in range(number_of_units):
        part = json.loads(_part_file(job, number).read_text())
        extended.update(part['annotations'])
        sizes.update(part['sizes'])
    number_of_keypoints = skeleton.num_keypoints
    nothing = _plain(
        np.zeros((number_of_keypoints, 3)),
        np.zeros(number_of_keypoints, dtype=int),
        np.zeros(number_of_keypoints),
    )
    for annotation in content['annotations']:
        if 'keypoints' in annotation:
            annotation.update(extended.get(annotation['id'], nothing))
    for image in content['images']:
        image['height'], image['width'] = sizes[image['id']]
    for category in content['categories']:
        category['keypoints'] = list(skeleton.keypoints)
        category['skeleton'] = [[i + 1 for i in skeleton.indices(link)] for link in skeleton.links]
    content['info'] = dict(content.get('info') or {}, keypoint_extension=signature)
    _write_atomically(job.out_file, content)
    for number in range(number_of_units):
        _part_file(job, number).unlink(missing_ok=True)
    (job.part_dir / 'signature.json').unlink(missing_ok=True)
    if not any(job.part_dir.iterdir()):
        job.part_dir.rmdir()


def _part_file(job: ExtensionJob, number: int) -> Path:
    return job.part_dir / f'{number:06d}.json'


def _claim_part_dir(job: ExtensionJob, signature: dict[str, Any]) -> None:
    job.part_dir.mkdir(parents=True, exist_ok=True)
    file = job.part_dir / 'signature.json'
    if not file.exists():
        _write_atomically(file, signature)
        return
    before = json.loads(file.read_text())
    changed = [key for key in signature if before.get(key) != signature[key]]
    if changed:
        raise ValueError(
            f'{job.part_dir}: holds parts of a run with other {changed}; '
            'remove the folder to start again, or choose another --out'
        )


def _signature_of(file: Path) -> dict[str, Any] | None:
    return json.loads(file.read_text()).get('info', {}).get('keypoint_extension')


def _write_atomically(file: Path, content: Any) -> None:
    temporary = file.with_name(f'{file.name}.{os.getpid()}.tmp')
    temporary.write_text(json.dumps(content, separators=(',', ':')))
    os.replace(temporary, file)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

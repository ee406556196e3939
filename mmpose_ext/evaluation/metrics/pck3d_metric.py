from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from scipy.io import savemat

from mmpose_ext.evaluation.functional import AUC_THRESHOLDS, SparseRegressor, format_table
from mmpose_ext.evaluation.functional.mupots import (
    MUPOTS_EVALUATED,
    MUPOTS_MATCHED,
    MUPOTS_ROOT,
    MuPoTSImage,
    assign_people,
    load_mupots,
    with_bone_lengths,
)
from mmpose_ext.evaluation.functional.person_fields import (
    box_source,
    person_key,
    person_of,
    read_field,
    tally,
)
from mmpose_ext.evaluation.functional.projected_joints import project_as_predicted
from mmpose_ext.registry import METRICS
from mmpose_ext.skeletons import MUPOTS17, SUPERSET30, KeypointMap

# MPI-INF-3DHP's neck, which others call thorax, is the lower end of the neck as SMPL's joint is.
_TO_MUPOTS = KeypointMap.from_names(
    SUPERSET30,
    MUPOTS17,
    {name: 'neck' if name == 'thorax' else name for name in MUPOTS17.keypoints},
)


@dataclass(frozen=True, slots=True)
class _Prediction:
    key: tuple[Any, Any]
    image: int
    annotation: int
    boxes: str
    joints_mm: np.ndarray
    pixels: np.ndarray


@METRICS.register_module()
class PCK3DMetric(BaseMetric):
    """3DPCK of MuPoTS-3D: joints within 150 mm of the annotation, relative to the pelvis.

    Predictions are assigned to the annotated people of their image by 2D distance: in the order of
    the annotations, each takes the free prediction with most of its 13 joints (without head top)
    within 40 px on both axes. ``all/`` counts people without a prediction as wrong, ``matched/``
    leaves them out. 14 joints count (without pelvis, spine and head). Percentages are taken per
    sequence, then averaged over sequences. This follows the dataset's Matlab evaluation, but for
    one thing: that compares with ``univ_annot3``, people scaled to one height, which the JSON file
    does not have; here it is ``keypoints_cam``, in true size. For numbers to publish let
    ``mat_dir`` write the files which the Matlab evaluation reads, and call
    ``mpii_mupots_multiperson_eval(mode, 1)``.

    Results are ``all/PCK@150``, ``all/AUC``, ``matched/PCK@150``, ``matched/AUC`` and
    ``matched/people``, all in percent.

    Args:
        ann_file: ``MuPoTS-3D.json``.
        regressor: ``J_regressor_mi_smpl.npy``, whose first 17 rows give MuPoTS's joints from
            vertices. By default SMPL's own joints of the same names, its neck for the thorax.
        placement: Where predictions lie in the image: ``'predicted'`` where the model puts them;
            ``'annotated'`` projected from the annotated pelvis of the person they were made for,
            as 3DCrowdNet does, which helps the assignment by the truth.
        bone_lengths: ``'annotated'`` gives predictions the bone lengths of the person they are
            compared with, as the Matlab evaluation does; ``'predicted'`` keeps theirs.
        threshold_mm: Threshold of PCK.
        limit_px: Limit of the assignment.
        mat_dir: Folder for ``preds_2d_kpt_mupots.mat`` and ``preds_3d_kpt_mupots.mat``.
        protocol: What else the numbers depend on. Printed with the result.
        collect_device: Where results of several processes are gathered, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the result keys.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an argument is unknown, or a file has another content.
    """

    default_prefix = 'mupots'

    def __init__(
        self,
        ann_file: str,
        regressor: str | None = None,
        placement: Literal['predicted', 'annotated'] = 'predicted',
        bone_lengths: Literal['annotated', 'predicted'] = 'annotated',
        threshold_mm: float = 150,
        limit_px: float = 40,
        mat_dir: str | None = None,
        protocol: Mapping[str, Any] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        for name, value in (('placement', placement), ('bone_lengths', bone_lengths)):
            if value not in ('predicted', 'annotated'):
                raise ValueError(f"{name} got {value!r}, expected 'predicted' or 'annotated'")
        self.images = load_mupots(ann_file)
        self.ann_file = ann_file
        self.regressor_file = regressor
        self.regressor = None if regressor is None else _load_regressor(regressor)
        self.placement = placement
        self.bone_lengths = bone_lengths
        self.threshold_mm = threshold_mm
        self.limit_px = limit_px
        self.mat_dir = None if mat_dir is None else Path(mat_dir)
        self.protocol = dict(protocol or {})

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Store the 17 joints of a batch of predictions, in space and in the image.

        Raises:
            ValueError: If a prediction has another shape, is not finite, or is of an image or,
                with ``placement='annotated'``, of a person that the file does not have.
        """
        for sample in data_samples:
            image = self.images.get(sample.get('img_id'))
            if image is None:
                raise ValueError(
                    f'{person_of(sample)}: img_id {sample.get("img_id")!r} is not in '
                    f'{self.ann_file}'
                )
            joints, pixels = self._joints(sample)
            joints = 1e3 * (joints - joints[MUPOTS_ROOT]).astype(np.float64)
            if self.placement == 'annotated':
                if sample.get('id') not in image.people:
                    raise ValueError(
                        f'{person_of(sample)}: {self.ann_file} has no such valid annotation of '
                        f'image {image.name}, got {list(image.people)}'
                    )
                root = image.joints_mm[image.people.index(sample['id']), MUPOTS_ROOT]
                pixels = image.project(joints + root)
            self.results.append(
                _Prediction(
                    key=person_key(sample),
                    image=sample['img_id'],
                    annotation=sample['id'],
                    boxes=box_source(sample),
                    joints_mm=joints,
                    pixels=np.asarray(pixels, np.float64),
                )
            )

    def compute_metrics(self, results: list[_Prediction]) -> dict[str, float]:
        """Assign the predictions, compute the percentages and print them per sequence."""
        # A distributed sampler pads its shards with repeated samples.
        people = list({person.key: person for person in results}.values())
        by_image: dict[int, list[_Prediction]] = defaultdict(list)
        for person in people:
            by_image[person.image].append(person)
        if self.mat_dir is not None:
            self._write(by_image)
        distances: dict[str, list[np.ndarray]] = defaultdict(list)
        for number, image in self.images.items():
            distances[image.sequence].append(self._distances(image, by_image[number]))
        rows = []
        for sequence, parts in distances.items():
            errors = np.concatenate(parts)
            if len(errors):
                rows.append((sequence, len(errors), *self._percentages(errors)))
        columns = ('matched/people', *self._keys('all'), *self._keys('matched'))
        means = [_mean_of_known([row[i] for row in rows]) for i in range(2, 2 + len(columns))]
        total = ('mean of sequences', sum(row[1] for row in rows), *means)
        table = format_table(('', 'people', *columns), [*rows, total])
        print_log(f'{self.prefix}: {self._describe(people)}\n{table}', 'current')
        return dict(zip(columns, means))

    def _keys(self, part: str) -> tuple[str, str]:
        return f'{part}/PCK@{self.threshold_mm:g}', f'{part}/AUC'

    def _joints(self, sample: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        if self.regressor is None:
            shape = (SUPERSET30.num_keypoints,)
            joints = read_field(sample, 'pred_instances', 'joints', (*shape, 3))
            pixels = read_field(sample, 'pred_instances', 'keypoints', (*shape, 2))
            visible = np.ones(shape)
            return _TO_MUPOTS.apply(joints, visible)[0], _TO_MUPOTS.apply(pixels, visible)[0]
        shape = (self.regressor.num_vertices, 3)
        vertices = read_field(sample, 'pred_instances', 'vertices', shape)
        joints = self.regressor(vertices[None])[0]
        return joints, project_as_predicted(sample, joints)

    def _distances(self, image: MuPoTSImage, people: Sequence[_Prediction]) -> np.ndarray:
        """Distance (P, 14) in mm of each annotated person's joints, infinite where unmatched."""
        distances = np.full((len(image.people), len(MUPOTS_EVALUATED)), np.inf)
        if not people or not len(distances):
            return distances
        pixels = np.stack([person.pixels for person in people])
        assigned = assign_people(
            image.pixels[:, MUPOTS_MATCHED], pixels[:, MUPOTS_MATCHED], self.limit_px
        )
        matched = assigned >= 0
        predicted = np.stack([person.joints_mm for person in people])[assigned[matched]]
        target = image.joints_mm[matched] - image.joints_mm[matched][:, [MUPOTS_ROOT]]
        if self.bone_lengths == 'annotated':
            predicted = with_bone_lengths(predicted, target)
        errors = np.linalg.norm(predicted - target, axis=-1)
        distances[matched] = errors[:, MUPOTS_EVALUATED]
        return distances

    def _percentages(self, distances: np.ndarray) -> list[float]:
        matched = np.isfinite(distances).all(axis=1)
        values = [100 * float(matched.mean())]
        thresholds = 1e3 * np.array(AUC_THRESHOLDS)
        for part in (distances, distances[matched]):
            if not len(part):
                values += [math.nan, math.nan]
                continue
            values.append(100 * float((part < self.threshold_mm).mean()))
            values.append(100 * float((part[..., None] < thresholds).mean()))
        return values

    def _write(self, by_image: Mapping[int, Sequence[_Prediction]]) -> None:
        self.mat_dir.mkdir(parents=True, exist_ok=True)
        contents: dict[str, dict[str, np.ndarray]] = {'2d': {}, '3d': {}}
        shape = (0, MUPOTS17.num_keypoints)
        for number, image in self.images.items():
            people = by_image.get(number, ())
            for kind, values, size in (
                ('2d', [person.pixels for person in people], 2),
                ('3d', [person.joints_mm for person in people], 3),
            ):
                contents[kind][image.key] = np.array(values) if people else np.zeros((*shape, size))
        for kind, content in contents.items():
            savemat(self.mat_dir / f'preds_{kind}_kpt_mupots.mat', content, do_compression=True)

    def _describe(self, people: Sequence[_Prediction]) -> str:
        parts = {
            'annotations': self.ann_file,
            'boxes': tally(person.boxes for person in people),
            'predictions': len(people),
            'joints': f'{len(MUPOTS_EVALUATED)} of MuPoTS from '
            f'{self.regressor_file or "SMPL joints of the same names (thorax: neck)"}',
            'root': 'pelvis',
            'bone lengths': self.bone_lengths,
            'assignment': f'most joints within {self.limit_px:g} px, placed as {self.placement}',
            'mean': 'over sequences',
            **self.protocol,
        }
        return ', '.join(f'{key}: {value}' for key, value in parts.items())


def _load_regressor(file: str) -> SparseRegressor:
    if not Path(file).is_file():
        raise FileNotFoundError(f'joint regressor {file} does not exist')
    matrix = np.load(file, allow_pickle=False)
    if matrix.ndim != 2 or len(matrix) < MUPOTS17.num_keypoints:
        raise ValueError(
            f'{file}: got shape {matrix.shape}, expected at least {MUPOTS17.num_keypoints} joints '
            'in the order of MuPoTS'
        )
    return SparseRegressor(matrix[: MUPOTS17.num_keypoints])


def _mean_of_known(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan

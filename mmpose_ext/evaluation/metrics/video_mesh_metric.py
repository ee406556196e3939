from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmpose_ext.evaluation.functional import (
    PROTOCOLS,
    MeshProtocol,
    acceleration,
    acceleration_error,
    consecutive_triples,
    format_table,
)
from mmpose_ext.evaluation.functional.annotated_bodies import AnnotatedBodies
from mmpose_ext.evaluation.functional.annotated_joints import ANNOTATED_SETS, AnnotatedJoints
from mmpose_ext.evaluation.functional.clip_fields import (
    clip_key,
    clip_of,
    read_rows,
)
from mmpose_ext.evaluation.functional.mesh_comparison import JOINT_METRICS
from mmpose_ext.evaluation.functional.mesh_protocol import Gender, JointSet, MeshRoot, Root
from mmpose_ext.evaluation.functional.person_fields import ALL, subsets_of, tally
from mmpose_ext.registry import METRICS

Borders = Literal['tracks', 'joined']

# Each with the function of predicted and true joints.
_MOTION_METRICS = {
    'ACCEL': lambda predicted, target: 1e3 * acceleration(predicted),
    'ACCEL-ERR': lambda predicted, target: 1e3 * acceleration_error(predicted, target),
}
_BORDERS = ('tracks', 'joined')
_TAIL = 'tail of a track'


# Not a tuple: MMEngine rebuilds tuples as plain ones.
@dataclass(frozen=True, slots=True)
class _Clip:
    """All that is kept of one clip: N of its frames were measured."""

    key: tuple[Any, Any]
    track: tuple[Any, str]
    fps: float
    subsets: tuple[str, ...]
    gender: str
    skipped: Counter
    span: tuple[int, int]
    frames: np.ndarray  # (N,)
    errors: np.ndarray  # (N, M)
    predicted: np.ndarray  # (N, J, 3), relative to the root
    target: np.ndarray


@METRICS.register_module()
class VideoMeshMetric(BaseMetric):
    """Errors of body meshes recovered from videos, and how their motion differs from the true one.

    Samples are clips of T frames. Positions are measured frame by frame as
    :class:`MeshMetric` does: MPJPE, PA-MPJPE, PVE (its MPVPE) in millimetres. Two further numbers,
    in millimetres per frame squared, are means over frames and joints of the root-relative motion's
    second difference, and must not be confused:

    - ``ACCEL`` is the size of the prediction's acceleration. A frozen body has 0.
    - ``ACCEL-ERR`` is its distance from the true acceleration.

    ============  ==========================================  =====================================
    protocol      joints and vertices                         accelerations
    ============  ==========================================  =====================================
    ``standard``  14 by Human3.6M's regressor minus its       within tracks: clip borders do not
                  pelvis, vertices minus SMPL's pelvis,       matter, a missing frame does; every
                  ground truth of annotated gender            frame counts once
    ``vibe``      the same 14 minus the hips' midpoint,       in the order of the dataset, across
                  vertices unaligned, both posed with the     clips and videos; all frames of whole
                  neutral body from parameters                clips count, tails of tracks do not
    ============  ==========================================  =====================================

    Results are ``all/<metric>`` and, for each subset, ``<subset>/<metric>``; a subset without
    frames is NaN. A subset is measured as if it were the whole dataset. A clip is in the subsets
    that its metainfo ``subsets`` lists, and in that called as its ``domain``. Frames whose
    ``scored`` is 0, such as the repeated head of a clip that ends where its track does, do not
    count. Frames without a valid annotation are skipped, counted and reported, and interrupt the
    track. Kept are numbers and joints, not meshes.

    Where the ground truth is joints, not bodies (MPI-INF-3DHP's test set), use
    ``joints='mpi_inf_3dhp17'``: all that the dataset annotates minus its pelvis, compared with the
    predicted ``joints`` of the same names; or ``'annotated14'``: 14 of them, compared with the mesh
    under Human3.6M's regressor, which is how VIBE measures that dataset. There is no PVE then.

    Args:
        body_model: Folder of SMPL files, see :func:`mmpose_ext.body_models.load_body_model`; a
            single file serves only neutral ground truth. Not used by ``'mpi_inf_3dhp17'``.
        protocol: ``'standard'`` or ``'vibe'``; the next five arguments replace parts of it.
        joints: ``'h36m14'``, ``'h36m17'`` or ``'smpl24'`` of the annotated body, or annotated
            joints as above.
        root: What joints are relative to: ``'pelvis'`` or ``'hip_midpoint'``.
        mesh_root: What vertices are relative to: SMPL's ``'pelvis'``, or ``'none'``.
        gt_gender: Body of the ground truth: ``'annotated'`` or ``'neutral'``.
        borders: ``'tracks'`` or ``'joined'``: the last column of the table, in a word.
        metrics: Names among ``MPJPE``, ``PA-MPJPE``, ``PVE``, ``ACCEL``, ``ACCEL-ERR``, ``PCK@150``
            (joints closer than 150 mm, in percent) and ``AUC`` (of PCK over 0, 5, … 150 mm, in
            percent). By default the first five, without PVE for annotated joints.
        subsets: Subsets to report; default: those that the samples name.
        device: Where the ground truth is posed, such as ``'cuda'``.
        notes: What else the numbers depend on. Printed with the result.
        collect_device: Where results of several processes are gathered, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the result keys.

    Raises:
        FileNotFoundError: If a body model is missing.
        ValueError: If the protocol, one of its parts or a metric is unknown, or PVE is asked for
            where bodies are not annotated.
    """

    default_prefix = ''

    def __init__(
        self,
        body_model: str | None = None,
        protocol: str = 'standard',
        joints: JointSet | Literal['mpi_inf_3dhp17', 'annotated14'] | None = None,
        root: Root | None = None,
        mesh_root: MeshRoot | None = None,
        gt_gender: Gender | None = None,
        borders: Borders | None = None,
        metrics: Sequence[str] | None = None,
        subsets: Sequence[str] | None = None,
        device: str = 'cpu',
        notes: Mapping[str, Any] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        annotated = joints in ANNOTATED_SETS
        self.protocol_name = protocol
        self.protocol = MeshProtocol.choose(
            protocol,
            joints=None if annotated else joints,
            root=root,
            mesh_root=mesh_root,
            gender=gt_gender,
        )
        default_borders = 'joined' if protocol == 'vibe' else 'tracks'
        self.borders = borders or default_borders
        if self.borders not in _BORDERS:
            raise ValueError(f'borders got {borders!r}, expected one of {_BORDERS}')
        changed = self.protocol != PROTOCOLS[protocol] or self.borders != default_borders
        self._changed = changed or annotated
        self.metrics = _check_metrics(metrics, annotated)
        self._frame_metrics = tuple(name for name in self.metrics if name not in _MOTION_METRICS)
        self.truth: AnnotatedJoints | AnnotatedBodies
        if annotated:
            root = self.protocol.root
            self.truth = AnnotatedJoints(joints, root, self._frame_metrics, body_model)
        else:
            self.truth = AnnotatedBodies(body_model, self.protocol, self._frame_metrics, device)
        self.subsets = None if subsets is None else tuple(subsets)
        self.notes = dict(notes or {})

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Measure the clips of a batch.

        Raises:
            ValueError: If a prediction or a valid annotation has another shape or is not finite;
                names the video and the frame.
        """
        self.results.extend(self._measure(sample) for sample in data_samples)

    def compute_metrics(self, results: list[_Clip]) -> dict[str, float]:
        """Average over all clips and over each subset, and print it.

        Raises:
            ValueError: If two clips count the same frame, or the frame rate changes in a track.
        """
        clips = _in_order(results)
        if self.borders == 'joined':
            clips = _without_tails(clips)
        _check_tracks(clips)
        subsets = self.subsets
        if subsets is None:
            subsets = tuple(sorted({name for clip in clips for name in clip.subsets}))
        results_by_key, rows = {}, []
        for name in (ALL, *(name for name in subsets if name != ALL)):
            members = [clip for clip in clips if name == ALL or name in clip.subsets]
            means = self._averages(members)
            results_by_key |= {f'{name}/{key}': means[key] for key in self.metrics}
            count = sum(len(clip.frames) for clip in members)
            rows.append((name, count, *(means[key] for key in self.metrics)))
        table = format_table(('', 'frames', *self.metrics), rows)
        print_log(f'{self.prefix or "video mesh"}: {self._describe(clips)}\n{table}', 'current')
        return results_by_key

    def _measure(self, sample: Mapping[str, Any]) -> _Clip:
        key = clip_key(sample)
        frames = np.asarray(sample['frame_ids']).astype(np.int64)
        scored = _scored(sample, len(frames))
        skipped: Counter = Counter()
        if self.borders == 'joined':
            padded = (np.diff(frames) <= 0).any()
            if padded:
                skipped[_TAIL] = int(scored.sum())
            scored = np.full(len(frames), not padded)
        valid = self.truth.annotated(sample)
        skipped[self.truth.missing] = int((scored & ~valid).sum())
        rows = np.flatnonzero(scored & valid)
        errors, predicted, target = self.truth.measure(sample, rows)
        return _Clip(
            key=key,
            track=(sample.get('source'), str(sample['video_id'])),
            fps=float(sample.get('fps') or math.nan),
            subsets=_subsets(sample),
            gender=self.truth.gender(sample) if len(rows) else '',
            skipped=+skipped,
            span=(int(frames[0]), int(frames[-1])),
            frames=frames[rows],
            errors=errors,
            predicted=predicted.astype(np.float32),
            target=target.astype(np.float32),
        )

    def _averages(self, clips: Sequence[_Clip]) -> dict[str, float]:
        """The mean of each metric over the frames of clips in the order of the dataset."""
        if not any(len(clip.frames) for clip in clips):
            return dict.fromkeys(self.metrics, math.nan)
        errors = np.concatenate([clip.errors for clip in clips])
        means = dict(zip(self._frame_metrics, errors.mean(axis=0).tolist()))
        predicted = np.concatenate([clip.predicted for clip in clips])
        target = np.concatenate([clip.target for clip in clips])
        used = np.ones(max(len(predicted) - 2, 0), bool)
        if self.borders == 'tracks':
            tracks, frames = _rows_of(clips)
            order = np.lexsort((frames, tracks))
            predicted, target = predicted[order], target[order]
            used = consecutive_triples(tracks[order], frames[order])
        for name in set(self.metrics) & set(_MOTION_METRICS):
            values = _MOTION_METRICS[name](predicted, target)[used]
            means[name] = float(values.mean()) if len(values) else math.nan
        return means

    def _describe(self, clips: Sequence[_Clip]) -> str:
        measured = [clip for clip in clips if len(clip.frames)]
        skipped = sum((clip.skipped for clip in clips), Counter())
        count = sum(len(clip.frames) for clip in clips)
        rates = {clip.track: clip.fps for clip in measured}
        parts = {
            'protocol': self.protocol_name + (' with changes' if self._changed else ''),
            **self.truth.describe(),
            'genders of clips': tally(clip.gender for clip in measured),
            'accelerations': {
                'tracks': 'mm/frame^2 of root-relative joints, within tracks',
                'joined': 'mm/frame^2 of root-relative joints, across clips and videos, no tails',
            }[self.borders],
            'tracks by frames per second': tally(_rate(fps) for fps in rates.values()),
            'clips': f'{len(measured)} of {len(clips)}',
            'frames': f'{count} of {count + skipped.total()}',
            'skipped': ', '.join(f'{key} {skipped[key]}' for key in sorted(skipped)) or 'none',
            **self.notes,
        }
        return ', '.join(f'{key}: {value}' for key, value in parts.items())


def _check_metrics(metrics: Sequence[str] | None, annotated: bool) -> tuple[str, ...]:
    known = (*JOINT_METRICS, 'PVE', *_MOTION_METRICS)
    if metrics is None:
        defaults = ('MPJPE', 'PA-MPJPE', 'PVE', 'ACCEL', 'ACCEL-ERR')
        return tuple(name for name in defaults if not (annotated and name == 'PVE'))
    if not metrics or not set(metrics) <= set(known):
        raise ValueError(f'metrics got {metrics!r}, expected names among {known}')
    if annotated and 'PVE' in metrics:
        raise ValueError(
            f'metrics got {metrics!r}, expected none of vertices: the ground truth is joints. '
            'Leave PVE out, or measure joints of annotated bodies'
        )
    return tuple(metrics)


def _scored(sample: Mapping[str, Any], frames: int) -> np.ndarray:
    if 'scored' not in sample.get('gt_instances', {}):
        return np.ones(frames, bool)
    return read_rows(sample, 'gt_instances', 'scored', ()) > 0


def _subsets(sample: Mapping[str, Any]) -> tuple[str, ...]:
    names, domain = subsets_of(sample, clip_of(sample)), sample.get('domain')
    return tuple(sorted({*names, domain})) if domain else names


def _in_order(results: Sequence[_Clip]) -> list[_Clip]:
    """Clips in the order of their dataset, each once: a distributed sampler repeats some."""
    clips = list({clip.key: clip for clip in results}.values())
    sources = {source: i for i, source in enumerate(dict.fromkeys(clip.key[0] for clip in clips))}
    return sorted(clips, key=lambda clip: (sources[clip.key[0]], clip.key[1]))


def _without_tails(clips: Sequence[_Clip]) -> list[_Clip]:
    """Clips of which those that repeat frames of the one before have none left."""
    ends: dict[tuple[Any, str], int] = {}
    kept = []
    for clip in clips:
        first, last = clip.span
        end = ends.get(clip.track, first - 1)
        ends[clip.track] = max(last, end)
        if first <= end:
            parts = {name: getattr(clip, name)[:0] for name in ('errors', 'predicted', 'target')}
            skipped = clip.skipped + Counter({_TAIL: int((clip.frames > end).sum())})
            clip = replace(clip, skipped=skipped, frames=clip.frames[:0], **parts)
        kept.append(clip)
    return kept


def _rows_of(clips: Sequence[_Clip]) -> tuple[np.ndarray, np.ndarray]:
    """Number of the track, and of the frame in it, of every frame of clips."""
    numbers = {track: i for i, track in enumerate(dict.fromkeys(clip.track for clip in clips))}
    tracks = np.repeat(
        [numbers[clip.track] for clip in clips], [len(clip.frames) for clip in clips]
    )
    return tracks, np.concatenate([clip.frames for clip in clips])


def _check_tracks(clips: Sequence[_Clip]) -> None:
    rates: dict[tuple[Any, str], float] = {}
    seen: dict[tuple[Any, str], set[int]] = {}
    for clip in clips:
        video = f'video {clip.track[1]!r}'
        rate = rates.setdefault(clip.track, clip.fps)
        if rate != clip.fps and not (math.isnan(rate) and math.isnan(clip.fps)):
            rates_found = f'{rate:g} and {clip.fps:g} frames per second'
            raise ValueError(f'{video}: got {rates_found}, expected one rate')
        frames = set(clip.frames.tolist())
        twice = seen.setdefault(clip.track, set()) & frames
        if twice:
            raise ValueError(
                f'{video}: frame {min(twice)} counts in two clips, expected every frame once: '
                'evaluate clips that do not overlap'
            )
        seen[clip.track] |= frames


def _rate(fps: float) -> str:
    return 'unstated' if math.isnan(fps) else f'{fps:g} fps:'

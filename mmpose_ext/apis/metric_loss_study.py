"""What the forms of the metric loss do to features that nothing else holds.

Embeddings of a few clips are free parameters. They start as a noisy linear image of the labels and
follow nothing but the metric loss, so that what remains of them is the loss's own fixed point.
"""

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from mmpose_ext.apis.markdown_table import markdown_line
from mmpose_ext.models.losses import InBatchTripletMetricLoss
from mmpose_ext.models.losses.in_batch_triplet_metric_loss import draw_anchors
from mmpose_ext.models.losses.metric_penalties import label_distances

FORMS: dict[str, dict] = {
    'thesis': dict(form='thesis'),
    'log_ratio, squared': dict(form='log_ratio', delta=None),
    'log_ratio, Huber': dict(form='log_ratio'),
    'thesis_centered': dict(form='thesis_centered'),
}
STRATEGIES = ('exclude_nearby', 'include_nearby')

_JOINTS, _HIPS = 14, [2, 3]


@dataclass(frozen=True)
class Geometry:
    """What is measured of features, or of labels.

    Args:
        correlation: Of the logarithms of all frames' distances with those of the labels.
        within_over_cross: Mean distance of frames of one clip over that of frames of two.
        acceleration: Second differences over time over deviations from the clip's mean, both as
            root mean squares; 2.5 for noise.
    """

    correlation: float
    within_over_cross: float
    acceleration: float


@dataclass(frozen=True)
class Record:
    """One measurement.

    Args:
        form: Key of :data:`FORMS`.
        strategy: Which frames are positives.
        step: Number of optimization steps before it.
        geometry: What was measured.
    """

    form: str
    strategy: str
    step: int
    geometry: Geometry


def smooth_motion(clips: int, frames: int, seed: int = 0) -> Tensor:
    """Random smooth joints, relative to the middle of the hips.

    Args:
        clips: Number B of clips; each is about a pose of its own.
        frames: Length T of a clip.
        seed: Of the random numbers.

    Returns:
        ``(B, T, 14, 3)`` in metres.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(clips, *shape, _JOINTS, 3, generator=generator)

    time = torch.arange(frames)[:, None, None]
    joints = 0.15 * normal(1)
    for period in (48.0, 24.0, 12.0):
        phase = math.pi * normal(1)
        joints = joints + 0.0018 * period * normal(1) * torch.sin(math.tau * time / period + phase)
    return joints - joints[:, :, _HIPS].mean(dim=2, keepdim=True)


def noisy_image(labels: Tensor, channels: int, noise: float = 0.35, seed: int = 0) -> Tensor:
    """Random linear image of labels with noise, what the embeddings start from.

    Args:
        labels: ``(B, T, K, 3)``.
        channels: Number C of channels.
        noise: Standard deviation of the noise in units of that of the image.
        seed: Of the random numbers.

    Returns:
        ``(B, T, C)``, of standard deviation 1 without the noise.
    """
    generator = torch.Generator().manual_seed(seed)
    flat = labels.flatten(2)
    image = flat @ torch.randn(flat.shape[-1], channels, generator=generator)
    image = image / image.std()
    return image + noise * torch.randn(image.shape, generator=generator)


def measure(features: Tensor, labels: Tensor) -> Geometry:
    """Measure features.

    Args:
        features: ``(B, T, C)``.
        labels: ``(B, T, K, 3)``.
    """
    clips, frames = features.shape[:2]
    features = features.detach()
    distances, wanted = (_distances(values.flatten(2)) for values in (features, labels))
    clip = torch.arange(clips).repeat_interleave(frames)
    pairs = torch.ones(len(clip), len(clip), dtype=torch.bool).triu(1)
    same = (clip[:, None] == clip) & pairs
    other = (clip[:, None] != clip) & pairs
    logarithms = torch.stack([distances[pairs], wanted[pairs]]).clamp(min=1e-9).log()
    accelerations = features.diff(n=2, dim=1)
    deviations = features - features.mean(dim=1, keepdim=True)
    return Geometry(
        correlation=float(torch.corrcoef(logarithms)[0, 1]),
        within_over_cross=float(distances[same].mean() / distances[other].mean()),
        acceleration=float(
            accelerations.square().mean().sqrt() / deviations.square().mean().sqrt()
        ),
    )


def follow(
    loss: InBatchTripletMetricLoss,
    start: Tensor,
    labels: Tensor,
    steps: int,
    every: int = 50,
    learning_rate: float = 1e-2,
    seed: int = 0,
) -> Iterator[tuple[int, Geometry]]:
    """Let free embeddings follow a metric loss by Adam, with new anchors in every step.

    Args:
        loss: The metric loss.
        start: Embeddings at first ``(B, T, C)``.
        labels: ``(B, T, K, 3)``.
        steps: Number of steps.
        every: Steps between measurements.
        learning_rate: Of Adam.
        seed: Of the anchors.

    Yields:
        Numbers of steps and what was measured after them, the first and the last among them.
    """
    generator = torch.Generator().manual_seed(seed)
    features = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([features], lr=learning_rate)
    valid = torch.ones(labels.shape[:2], dtype=torch.bool)
    videos = torch.arange(len(labels))
    for step in range(steps + 1):
        if step % every == 0 or step == steps:
            yield step, measure(features, labels)
        optimizer.zero_grad()
        loss(features, labels, valid, videos, draw_anchors(valid, generator)).backward()
        optimizer.step()


def run_study(
    clips: int = 12,
    frames: int = 16,
    channels: int = 64,
    steps: int = 1500,
    seed: int = 0,
    advance: Callable[[], object] = lambda: None,
) -> tuple[Geometry, list[Record]]:
    """Let embeddings follow all forms with both strategies.

    Args:
        clips: Number of clips.
        frames: Length of a clip.
        channels: Of the embeddings.
        steps: Optimization steps of each.
        seed: Of motions, embeddings and anchors.
        advance: Called after each of the runs.

    Returns:
        What is measured of the labels themselves, and the records of all runs.
    """
    labels = smooth_motion(clips, frames, seed)
    start = noisy_image(labels, channels, seed=seed)
    records = []
    for form, options in FORMS.items():
        for strategy in STRATEGIES:
            loss = InBatchTripletMetricLoss(strategy=strategy, **options)
            for step, geometry in follow(loss, start, labels, steps, seed=seed):
                records.append(Record(form, strategy, step, geometry))
            advance()
    return measure(labels.flatten(2), labels), records


def table_lines(labels: Geometry, records: list[Record]) -> list[str]:
    """Markdown lines of what each run ended with, for both strategies side by side."""
    header = ['form', *(name.replace('_', ' ') for name in asdict(labels))]
    lines = [markdown_line(header), markdown_line(['---'] + ['--:'] * (len(header) - 1))]
    lines.append(_line('labels', labels))
    lines.append(_line('start', records[0].geometry))
    last = {(record.form, record.strategy): record.geometry for record in records}
    lines += [_line(form, *(last[form, strategy] for strategy in STRATEGIES)) for form in FORMS]
    return lines


def write_records(records: list[Record], file: Path) -> None:
    """Write all measurements as a CSV file."""
    rows: list[Mapping[str, object]] = [
        dict(
            form=record.form, strategy=record.strategy, step=record.step, **asdict(record.geometry)
        )
        for record in records
    ]
    with file.open('w', newline='') as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _distances(values: Tensor) -> Tensor:
    flat = values.flatten(0, 1)
    return label_distances(flat, flat)


def _line(name: str, *geometries: Geometry) -> str:
    columns = zip(*(asdict(geometry).values() for geometry in geometries))
    return markdown_line([name, *(' / '.join(f'{v:.3f}' for v in column) for column in columns)])

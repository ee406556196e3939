import csv
import math
from pathlib import Path

import pytest
import torch

from mmpose_ext.apis.metric_loss_study import (
    FORMS,
    follow,
    measure,
    noisy_image,
    run_study,
    smooth_motion,
    table_lines,
    write_records,
)
from mmpose_ext.models.losses import InBatchTripletMetricLoss
from mmpose_ext.visualization.metric_loss_plot import draw_metric_losses

CLIPS, FRAMES, CHANNELS = 6, 10, 8


@pytest.fixture(scope='module')
def labels() -> torch.Tensor:
    """Motions of six short clips."""
    return smooth_motion(CLIPS, FRAMES)


def after(form: str, labels: torch.Tensor, steps: int = 300) -> float:
    """Distances within clips over those across, after following a form."""
    loss = InBatchTripletMetricLoss(skip_step=2, **FORMS[form])
    start = noisy_image(labels, CHANNELS)
    *_, (_, geometry) = follow(loss, start, labels, steps, every=steps, learning_rate=0.02)
    return geometry.within_over_cross


def test_printed_form_collapses_clips(labels: torch.Tensor) -> None:
    wanted = measure(labels.flatten(2), labels).within_over_cross
    assert after('thesis', labels) < 0.25 * wanted


@pytest.mark.parametrize('form', [form for form in FORMS if form != 'thesis'])
def test_sound_forms_keep_the_labels_proportions(form: str, labels: torch.Tensor) -> None:
    wanted = measure(labels.flatten(2), labels).within_over_cross
    start = measure(noisy_image(labels, CHANNELS), labels).within_over_cross
    found = after(form, labels)
    assert abs(found / wanted - 1) < 0.2
    assert abs(found / wanted - 1) < abs(start / wanted - 1)


def test_labels_are_smooth_and_about_the_hips(labels: torch.Tensor) -> None:
    assert labels.shape == (CLIPS, FRAMES, 14, 3)
    assert labels[:, :, [2, 3]].mean(dim=2).abs().max() < 1e-6
    assert measure(labels.flatten(2), labels).acceleration < 0.5
    assert torch.equal(labels, smooth_motion(CLIPS, FRAMES))


def test_measures_against_known_features(labels: torch.Tensor) -> None:
    found = measure(3 * labels.flatten(2), labels)
    assert math.isclose(found.correlation, 1, rel_tol=1e-5)
    noise = torch.randn(40, 100, 5, generator=torch.Generator().manual_seed(0))
    found = measure(noise, torch.randn(noise.shape).unsqueeze(-1))
    # Noise is as far from noise in one clip as in another; 1 - 2 + 1 has the norm sqrt(6).
    assert math.isclose(found.within_over_cross, 1, rel_tol=0.02)
    assert math.isclose(found.acceleration, math.sqrt(6), rel_tol=0.02)


def test_study_writes_what_it_shows(tmp_path: Path) -> None:
    done = []
    labels, records = run_study(3, 8, 4, steps=4, advance=lambda: done.append(1))
    assert len(done) == 2 * len(FORMS)
    lines = table_lines(labels, records)
    assert len(lines) == 4 + len(FORMS)
    assert lines[2].split('|')[2].strip() == '1.000'
    write_records(records, tmp_path / 'study.csv')
    rows = list(csv.DictReader((tmp_path / 'study.csv').open()))
    assert len(rows) == len(records) == 2 * 2 * len(FORMS)
    assert {row['form'] for row in rows} == set(FORMS)
    assert float(rows[0]['within_over_cross']) == records[0].geometry.within_over_cross
    curves = {name: {form: [(0, 0.5), (4, 0.2)] for form in FORMS} for name in ('a', 'b')}
    penalties = {form: InBatchTripletMetricLoss(**o).penalty for form, o in FORMS.items()}
    draw_metric_losses(penalties, curves, 0.25, tmp_path / 'study.png')
    assert (tmp_path / 'study.png').read_bytes().startswith(b'\x89PNG')

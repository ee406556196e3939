import csv
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.logging import HistoryBuffer

from mmpose_ext.engine import CurvesHook
from mmpose_ext.engine.hooks.curves_hook import read_curves


def runner(work_dir: Path, iteration: int = 0) -> SimpleNamespace:
    return SimpleNamespace(
        work_dir=str(work_dir),
        iter=iteration,
        epoch=0,
        message_hub=SimpleNamespace(
            log_scalars={'train/loss': HistoryBuffer(), 'train/time': HistoryBuffer()}
        ),
    )


def train(hook: CurvesHook, run: SimpleNamespace, losses: list[float]) -> None:
    hook.before_train(run)
    for loss in losses:
        run.message_hub.log_scalars['train/loss'].update(loss)
        hook.after_train_iter(run, batch_idx=run.iter)
        run.iter += 1
    hook.after_train(run)


def table(work_dir: Path) -> list[tuple]:
    with (work_dir / 'curves.csv').open() as file:
        return [
            (row['phase'], int(row['iteration']), row['name'], float(row['value']))
            for row in csv.DictReader(file)
        ]


def test_points_are_means_of_their_interval(tmp_path):
    train(CurvesHook(interval=2), runner(tmp_path), [1, 3, 5, 9, 4])
    assert table(tmp_path) == [
        ('train', 2, 'loss', 2.0),
        ('train', 4, 'loss', 7.0),
        ('train', 5, 'loss', 4.0),
    ]
    picture = cv2.imread(str(tmp_path / 'curves.png'))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10


def test_validation_numbers_are_kept_and_texts_are_not(tmp_path):
    hook, run = CurvesHook(), runner(tmp_path, iteration=10)
    hook.before_train(run)
    hook.after_val_epoch(run, {'coco/AP': np.float64(0.5), 'table': 'text', 'mpii/PCK': 80})
    # The validation after a resume repeats the one before the kill.
    hook.after_val_epoch(run, {'coco/AP': 0.5})
    assert table(tmp_path) == [('val', 10, 'coco/AP', 0.5), ('val', 10, 'mpii/PCK', 80.0)]


def test_a_resumed_run_replaces_what_came_after_its_checkpoint(tmp_path):
    train(CurvesHook(interval=1), runner(tmp_path), [9, 8, 7, 6])
    with (tmp_path / 'curves.csv').open('a') as file:
        file.write('train,1,')
    train(CurvesHook(interval=1), runner(tmp_path, iteration=2), [5])
    assert [(iteration, value) for _, iteration, _, value in table(tmp_path)] == [
        (1, 9.0),
        (2, 8.0),
        (3, 5.0),
    ]
    assert [row['value'] for row in read_curves(tmp_path / 'curves.csv')] == [9.0, 8.0, 5.0]


def test_testing_alone_leaves_no_curve(tmp_path):
    CurvesHook().after_val_epoch(runner(tmp_path), {'AP': 0.5})
    assert not list(tmp_path.iterdir())


def test_interval_must_be_positive():
    with pytest.raises(ValueError, match='interval got 0'):
        CurvesHook(interval=0)

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from mmengine.runner import EpochBasedTrainLoop

from mmpose_ext.engine import ResumeValidationHook


@pytest.mark.parametrize(
    ('epoch', 'interval', 'begin', 'validates'),
    [(0, 1, 1, False), (4, 2, 1, True), (3, 2, 1, False), (4, 2, 5, False)],
)
def test_validates_only_where_a_validation_was_due(epoch, interval, begin, validates):
    loop = Mock(spec=EpochBasedTrainLoop, epoch=epoch, val_interval=interval, val_begin=begin)
    run = SimpleNamespace(train_loop=loop, val_loop=Mock(), logger=Mock())
    ResumeValidationHook().before_train(run)
    assert run.val_loop.run.called == validates


def test_a_run_without_validation_is_left_alone():
    loop = Mock(spec=EpochBasedTrainLoop, epoch=4, val_interval=1, val_begin=1)
    ResumeValidationHook().before_train(SimpleNamespace(train_loop=loop, val_loop=None))

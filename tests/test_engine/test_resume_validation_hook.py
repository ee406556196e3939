from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from mmengine.logging import MessageHub
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop

from mmpose_ext.engine import ResumeValidationHook


@pytest.fixture
def hub(tmp_path) -> MessageHub:
    return MessageHub(str(tmp_path))


def resumed(hub: MessageHub, **loop) -> bool:
    """Whether a run that resumes here validates."""
    kind = EpochBasedTrainLoop if 'epoch' in loop else IterBasedTrainLoop
    settings = dict(val_interval=2, val_begin=1, iter=10 * loop.get('epoch', 0))
    settings |= dict(max_epochs=9, max_iters=9)
    loop = Mock(spec=kind, **settings | loop)
    run = SimpleNamespace(train_loop=loop, val_loop=Mock(), logger=Mock(), message_hub=hub)
    ResumeValidationHook().before_train(run)
    return run.val_loop.run.called


@pytest.mark.parametrize('unit', ['epoch', 'iter'])
@pytest.mark.parametrize(
    ('step', 'interval', 'begin', 'validates'),
    [
        (0, 1, 1, False),
        (4, 2, 1, True),
        (3, 2, 1, False),
        (4, 2, 5, False),
        # The last one is validated in any case.
        (9, 2, 1, True),
    ],
)
def test_validates_only_where_a_validation_was_due(hub, unit, step, interval, begin, validates):
    found = resumed(hub, **{unit: step}, val_interval=interval, val_begin=begin)
    assert found == validates


def test_a_checkpoint_from_after_the_validation_is_not_validated_again(hub):
    loop = Mock(spec=IterBasedTrainLoop, iter=4)
    run = SimpleNamespace(_train_loop=loop, iter=4, message_hub=hub)
    ResumeValidationHook().before_val_epoch(run)
    assert not resumed(hub, iter=4)
    assert resumed(hub, iter=6)


def test_a_run_without_training_or_validation_is_left_alone(hub):
    loop = Mock(spec=EpochBasedTrainLoop, epoch=4, val_interval=1, val_begin=1, max_epochs=9)
    run = SimpleNamespace(train_loop=loop, val_loop=None, _train_loop=dict(), message_hub=hub)
    ResumeValidationHook().before_train(run)
    ResumeValidationHook().before_val_epoch(run)
    assert not hub.runtime_info

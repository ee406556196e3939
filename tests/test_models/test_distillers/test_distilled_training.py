"""A distilled training through MMEngine's runner and MMPose's own entry points."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.apis import inference_topdown, init_model
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from torch.utils.data import Dataset

from mmpose_ext.skeletons import UNION21


class FixedSamples(Dataset):
    """The same few samples, whose order and content depend on nothing."""

    metainfo = parse_pose_metainfo(UNION21.metainfo())

    def __init__(self, batch: dict) -> None:
        self.batch = batch

    def __len__(self) -> int:
        return len(self.batch['inputs'])

    def __getitem__(self, index: int) -> dict:
        return dict(
            inputs=self.batch['inputs'][index],
            data_samples=copy.deepcopy(self.batch['data_samples'][index]),
        )


def run(config: dict, batch: dict, work_dir: Path, epochs: int, **options: object) -> Runner:
    """Train four iterations per epoch, on one thread."""
    torch.manual_seed(0)
    runner = Runner(
        copy.deepcopy(config),
        str(work_dir),
        train_dataloader=dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=FixedSamples(batch),
            collate_fn=dict(type='pseudo_collate'),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3)),
        custom_hooks=[dict(type='EMAHook', ema_type='ExpMomentumEMA', update_buffers=True)],
        default_scope='mmpose',
        log_level='WARNING',
        experiment_name=f'{work_dir.parent.name}-{work_dir.name}',
        **options,
    )
    runner.train()
    return runner


@pytest.fixture
def decaying(teacher_files: dict) -> dict:
    """Teachers of which one decays, so that a resumed run must know the iteration."""
    return dict(coco=teacher_files['coco'] | dict(decay='cosine'), mpii=teacher_files['mpii'])


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(
    student_config: Callable, decaying: dict, batch: Callable, tmp_path: Path
) -> None:
    config, data = student_config(decaying), batch(8)
    whole = run(config, data, tmp_path / 'whole', 2)
    first_half = str(tmp_path / 'whole' / 'epoch_1.pth')
    resumed = run(config, data, tmp_path / 'resumed', 2, load_from=first_half, resume=True)
    assert resumed.iter == whole.iter == 8
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name


def test_the_checkpoint_is_a_plain_students(
    student_config: Callable,
    teacher_files: dict,
    batch: Callable,
    tmp_path: Path,
) -> None:
    """Stock MMPose loads it into a stock estimator, and it knows nothing of the teachers."""
    config = student_config(teacher_files)
    run(config, batch(4), tmp_path / 'train', 1)
    checkpoint = tmp_path / 'train' / 'epoch_1.pth'
    content = torch.load(checkpoint, weights_only=True)
    assert {key.split('.')[0] for key in content['state_dict']} == {'backbone', 'head'}

    # What a user has on another machine: the config, without the teachers' files.
    config = copy.deepcopy(config)
    for teacher in config['teachers'].values():
        teacher |= dict(config='nowhere.py', checkpoint='nowhere.pth')
    stock = copy.deepcopy(config)
    for option in ('canvas_size', 'teachers'):
        stock.pop(option)
    stock |= dict(type='TopdownPoseEstimator')
    stock['head']['loss'] = dict(type='KLDiscretLoss', beta=10.0, label_softmax=True)
    image = np.random.default_rng(0).integers(0, 256, (200, 150, 3), dtype=np.uint8)
    found = []
    for model in (config, stock):
        file = Config(
            dict(
                default_scope='mmpose',
                model=model | dict(test_cfg=dict(flip_test=True)),
                test_dataloader=dict(
                    dataset=dict(
                        pipeline=[
                            dict(type='LoadImage'),
                            dict(type='GetBBoxCenterScale'),
                            dict(type='TopdownAffine', input_size=(96, 128)),
                            dict(type='PackPoseInputs'),
                        ]
                    )
                ),
            )
        )
        network = init_model(file, str(checkpoint), device='cpu')
        found.append(inference_topdown(network, image)[0].pred_instances.keypoints)
    assert found[0].shape == (1, 21, 2)
    np.testing.assert_array_equal(*found)


def test_a_missing_teacher_stops_before_the_first_iteration(
    student_config: Callable, teacher_files: dict, batch: Callable, tmp_path: Path
) -> None:
    missing = teacher_files['coco'] | dict(checkpoint=str(tmp_path / 'coco_teacher.pth'))
    with pytest.raises(FileNotFoundError, match="teacher 'coco'.*coco_teacher.pth"):
        run(student_config(dict(coco=missing)), batch(4), tmp_path / 'train', 1)
    assert not list((tmp_path / 'train').glob('*.pth'))

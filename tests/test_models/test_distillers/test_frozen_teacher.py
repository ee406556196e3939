import copy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from torch import nn

from mmpose_ext.models.distillers import FrozenTeacher
from mmpose_ext.models.distillers.frozen_teacher import Renormalization


def test_train_mode_gradients_and_batch_norm_stay_away(teacher_files: dict) -> None:
    options = teacher_files['coco']
    teacher = FrozenTeacher.load('coco', options['config'], options['checkpoint'])
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    teacher.train()
    inputs = torch.randn(2, 3, 128, 96)
    first, second = teacher(inputs), teacher(inputs)
    assert not any(module.training for module in teacher.modules())
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert not first[0].requires_grad
    assert torch.equal(first[0], second[0])
    assert all(torch.equal(before[name], value) for name, value in teacher.state_dict().items())


def test_synchronized_batch_norms_become_local(teacher_files: dict) -> None:
    options = teacher_files['coco']
    assert options['config']['backbone']['norm_cfg']['type'] == 'SyncBN'
    teacher = FrozenTeacher.load('coco', options['config'], options['checkpoint'])
    assert not any(isinstance(module, nn.SyncBatchNorm) for module in teacher.modules())


def test_a_copied_owner_shares_it() -> None:
    teacher = FrozenTeacher(nn.Linear(2, 2))
    assert copy.deepcopy({'teacher': teacher})['teacher'] is teacher


def test_a_config_file_will_do(teacher_files: dict, tmp_path: Path) -> None:
    options = teacher_files['mpii']
    path = tmp_path / 'teacher.py'
    Config(dict(model=options['config'])).dump(path)
    teacher = FrozenTeacher.load('mpii', path, options['checkpoint'])
    assert teacher.model.head.out_channels == 16


def test_a_config_of_an_installed_package_will_do(teacher_files: dict) -> None:
    config = 'mmpose::body_2d_keypoint/rtmpose/mpii/rtmpose-m_8xb64-210e_mpii-256x256.py'
    with pytest.raises(ValueError, match="teacher 'mpii'.*got weights of another model") as error:
        FrozenTeacher.load('mpii', config, teacher_files['mpii']['checkpoint'])
    assert 'head.final_layer.weight' in str(error.value)


def test_every_key_that_does_not_fit_is_listed(teacher_files: dict, tmp_path: Path) -> None:
    options = teacher_files['coco']
    content = torch.load(options['checkpoint'], weights_only=True)
    del content['state_dict']['head.cls_x.weight']
    content['state_dict']['head.extra'] = torch.zeros(1)
    content['state_dict']['head.cls_y.weight'] = torch.zeros(3, 3)
    path = tmp_path / 'broken.pth'
    torch.save(content, path)
    with pytest.raises(ValueError, match='broken.pth') as error:
        FrozenTeacher.load('coco', options['config'], path)
    for name in ('head.cls_x.weight', 'head.extra', 'head.cls_y.weight'):
        assert name in str(error.value)


def test_a_missing_checkpoint_is_named(teacher_files: dict) -> None:
    message = "teacher 'coco': checkpoint got 'nowhere.pth'.*Train the teacher first"
    with pytest.raises(FileNotFoundError, match=message):
        FrozenTeacher.load('coco', teacher_files['coco']['config'], 'nowhere.pth')


@pytest.mark.parametrize('config', ['nowhere.py', 'mmpose::body_2d_keypoint/rtmpose/nowhere.py'])
def test_a_missing_config_is_named(config: str) -> None:
    with pytest.raises(FileNotFoundError, match="teacher 'coco': .*nowhere"):
        FrozenTeacher.load('coco', config, 'weights.pth')


def test_a_config_without_a_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'empty.py'
    path.write_text('dataset_type = "CocoDataset"\n')
    with pytest.raises(ValueError, match="empty.py' got no 'model'"):
        FrozenTeacher.load('coco', path, 'weights.pth')


@pytest.mark.parametrize('swapped', [False, True])
def test_images_are_renormalized(swapped: bool) -> None:
    ours = PoseDataPreprocessor(
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True
    )
    theirs = PoseDataPreprocessor(
        mean=[10.0, 20.0, 30.0], std=[1.0, 2.0, 4.0], bgr_to_rgb=not swapped
    )
    image = torch.randint(0, 256, (3, 8, 8), dtype=torch.uint8)

    def normalized(preprocessor: PoseDataPreprocessor) -> torch.Tensor:
        return preprocessor(dict(inputs=[image], data_samples=[]))['inputs']

    converted = Renormalization(ours, theirs)(normalized(ours))
    torch.testing.assert_close(converted, normalized(theirs), atol=1e-3, rtol=1e-5)
    same = Renormalization(ours, ours)(normalized(ours))
    assert torch.equal(same, normalized(ours))

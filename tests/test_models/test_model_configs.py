from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.hub import get_config
from mmpose.registry import KEYPOINT_CODECS
from torch import nn

import mmpose_ext
from mmpose_ext.models.distillers.frozen_teacher import model_config
from mmpose_ext.registry import MODELS

WIDTHS = dict(tiny='t', small='s', medium='m')


CONFIGS = Path(mmpose_ext.cfg('unified_rtmpose_t.py')).parent


def build(name: str) -> nn.Module:
    config = base_config(name)
    config.backbone.init_cfg = None
    return MODELS.build(config)


def base_config(name: str) -> ConfigDict:
    return model_config(name, mmpose_ext.cfg(f'_base_/models/{name}.py'))


def shapes(model: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in model.state_dict().items()}


@pytest.mark.parametrize(('width', 'letter'), WIDTHS.items())
def test_students_are_rtmpose(width: str, letter: str) -> None:
    """With 17 keypoints, parameter by parameter the model of MMPose's own config."""
    path = f'body_2d_keypoint/rtmpose/coco/rtmpose-{letter}_8xb256-420e_coco-256x192.py'
    theirs = get_config(f'mmpose::{path}').model
    ours = base_config(f'rtmpose_{width}')
    assert ours.backbone.init_cfg.checkpoint == theirs.backbone.init_cfg.checkpoint
    assert {**ours.head.decoder} == {**theirs.head.decoder}
    theirs.backbone.init_cfg = ours.backbone.init_cfg = None
    ours.skeleton, ours.head.out_channels = 'coco17', 17
    assert shapes(MODELS.build(ours)) == shapes(MODELS.build(theirs))


@pytest.mark.parametrize('width', WIDTHS)
def test_pretrained_backbones_fit_the_students(width: str) -> None:
    pretrained = build(f'cspnext_{width}_heatmap')
    student = build(f'rtmpose_{width}_128x96')
    student.backbone.load_state_dict(pretrained.backbone.state_dict(), strict=True)
    assert shapes(student.backbone) == shapes(build(f'rtmpose_{width}').backbone)


@pytest.mark.parametrize('width', WIDTHS)
def test_outputs_have_the_size_that_the_codec_expects(width: str) -> None:
    images = torch.randn(1, 3, 128, 96)
    x, y = build(f'rtmpose_{width}_128x96').eval()(images, None)
    assert (x.shape, y.shape) == ((1, 21, 192), (1, 21, 256))
    heatmaps = build(f'cspnext_{width}_heatmap').eval()(images, None)
    assert heatmaps.shape == (1, 21, 32, 24)


def training_encoders(node: object) -> Iterator[ConfigDict]:
    """The label encoders of all pipelines below a part of a config."""
    if isinstance(node, dict):
        if 'encoder' in node:
            yield node['encoder']
        node = list(node.values())
    if isinstance(node, list | tuple):
        for item in node:
            yield from training_encoders(item)


def codec_values(config: ConfigDict) -> dict:
    """All values of a codec, defaults included."""
    return {
        key: np.asarray(value).tolist()
        for key, value in vars(KEYPOINT_CODECS.build(config)).items()
    }


@pytest.mark.parametrize(
    'path',
    sorted(
        path.relative_to(CONFIGS).as_posix()
        for path in CONFIGS.rglob('*.py')
        if '_base_' not in path.parts
    ),
)
def test_labels_are_encoded_as_the_head_decodes_them(path: str) -> None:
    """A label scaled otherwise, or of another width, trains without any error and learns little."""
    config = Config.fromfile(CONFIGS / path)
    for section in ('train_dataloader', 'default_hooks'):
        for encoder in training_encoders(config.get(section)):
            assert codec_values(encoder) == codec_values(config.model.head.decoder)

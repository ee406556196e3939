import pytest
import torch
from mmengine.structures import PixelData
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import MODELS

SIZE = 32


def segmentor_config(width: int = 4) -> dict:
    """A foreground segmentor of a few thousand parameters."""
    stages = {
        f'stage{number}': dict(
            num_modules=1,
            num_branches=number,
            block='BASIC',
            num_blocks=(1,) * number,
            num_channels=tuple(width * 2**branch for branch in range(number)),
            multiscale_output=True,
        )
        for number in (2, 3, 4)
    }
    stages['stage1'] = dict(
        num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(1,), num_channels=(width,)
    )
    return dict(
        type='mmpose_ext.ForegroundSegmentor',
        data_preprocessor=dict(
            type='mmpose_ext.MeshDataPreprocessor',
            mean=(123.675, 116.28, 103.53),
            std=(58.395, 57.12, 57.375),
        ),
        backbone=dict(type='HRNet', extra=stages),
        head=dict(
            type='mmpose_ext.OCRHead',
            in_channels=tuple(width * 2**branch for branch in range(4)),
            channels=8,
            key_channels=4,
        ),
    )


@pytest.fixture
def config():
    return segmentor_config()


@pytest.fixture
def segmentor(config):
    torch.manual_seed(0)
    model = MODELS.build(config)
    model.init_weights()
    return model


@pytest.fixture
def batch():
    """Images with a bright square, and where it is."""
    generator = torch.Generator().manual_seed(0)
    images, samples = [], []
    for number in range(4):
        image = torch.randint(60, (3, SIZE, SIZE), generator=generator, dtype=torch.uint8)
        label = torch.zeros(1, SIZE, SIZE, dtype=torch.uint8)
        place = (slice(4 + number, 20 + number), slice(8, 26 - 2 * number))
        image[(slice(None), *place)] += 150
        label[(slice(None), *place)] = 1
        label[..., 0] = 255
        sample = PoseDataSample()
        sample.gt_fields = PixelData(foreground=label)
        images.append(image)
        samples.append(sample)
    return dict(inputs=dict(img=images), data_samples=samples)

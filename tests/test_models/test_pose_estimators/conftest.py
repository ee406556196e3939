"""Small video mesh estimators and random clips for them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_ext.models import VideoMeshEstimator
from mmpose_ext.registry import MODELS

FRAMES, CHANNELS = 4, 16


def estimator_config(**options) -> dict:
    """Config of an estimator of a few thousand parameters without dropout."""
    config = dict(
        type='mmpose_ext.VideoMeshEstimator',
        encoder=dict(type='mmpose_ext.TemporalGRUEncoder', in_channels=CHANNELS, hidden_channels=8),
        head=dict(
            type='mmpose_ext.SMPLIterativeHead',
            in_channels=CHANNELS,
            hidden_channels=8,
            dropout=0.0,
        ),
        body_model=dict(path='standin'),
    )
    return config | options


def build_estimator(**options) -> VideoMeshEstimator:
    """The same weights in every call."""
    torch.manual_seed(0)
    return MODELS.build(estimator_config(**options))


def discriminator() -> dict:
    """Config of a small discriminator without dropout."""
    return dict(type='mmpose_ext.MotionDiscriminator', hidden_channels=8, attention_dropout=0.0)


def clip_samples(
    clips: int, frames: int = FRAMES, seed: int = 0, gender: str = 'neutral'
) -> list[PoseDataSample]:
    """Labelled clips as the pipeline packs them."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=(frames, *shape)).astype(np.float32)

    samples = []
    for clip in range(clips):
        corner, side = rng.uniform(0, 300, 2), rng.uniform(80, 200)
        box = np.array([*corner, *(corner + side)], np.float32)
        sample = PoseDataSample(
            gt_instances=InstanceData(
                keypoints=0.4 * normal(49, 2),
                keypoints_visible=rng.random((frames, 49)).round(1).astype(np.float32),
                joints=normal(49, 3),
                joints_valid=np.ones(frames, np.float32),
                smpl_pose=0.3 * normal(24, 3),
                smpl_betas=normal(10),
                smpl_valid=np.ones(frames, np.float32),
                bboxes=np.tile(box, (frames, 1)),
            ),
            metainfo=dict(video_id=f'video{clip}', frame_ids=np.arange(frames) + 10, gender=gender),
        )
        samples.append(sample)
    return samples


def stream(clips: int, seed: int = 0, **options) -> dict:
    """A batch of clips as a data loader gives it."""
    generator = torch.Generator().manual_seed(seed)
    frames = options.get('frames', FRAMES)
    features = [torch.randn(frames, CHANNELS, generator=generator) for _ in range(clips)]
    return dict(
        inputs=dict(features=features), data_samples=clip_samples(clips, seed=seed, **options)
    )


def motion_stream(clips: int, seed: int = 7) -> dict:
    """A batch of captured motions as a data loader gives it."""
    generator = torch.Generator().manual_seed(seed)
    return dict(
        inputs=dict(
            motion=[0.2 * torch.randn(FRAMES, 69, generator=generator) for _ in range(clips)]
        )
    )


@pytest.fixture(scope='session')
def video() -> SimpleNamespace:
    """What the functions of this file make."""
    return SimpleNamespace(
        frames=FRAMES,
        channels=CHANNELS,
        config=estimator_config,
        build=build_estimator,
        discriminator=discriminator,
        samples=clip_samples,
        stream=stream,
        motion=motion_stream,
    )

"""A training step of VIBE on features: what the metric loss and the discriminator add.

The first comparison is VIBE with its discriminator and the metric loss on encoder features and
joints, against VIBE; the second VIBE against the same network without a discriminator::

    python tools/benchmark/bench_video_step.py --batch 32
"""

import argparse
from collections.abc import Callable

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab
import torch
from _harness import compare
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from torch import nn

from mmpose_ext.registry import MODELS

DISCRIMINATOR = dict(type='mmpose_ext.MotionDiscriminator')
METRIC_LOSS = [
    dict(feature=feature, loss=dict(type='mmpose_ext.InBatchTripletMetricLoss'))
    for feature in ('encoder', 'joints')
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--batch', type=int, default=16, help='clips with labels, and motions')
    parser.add_argument('--frames', type=int, default=16)
    parser.add_argument('--channels', type=int, default=2048)
    parser.add_argument('--repeats', type=int, default=10)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args()
    init_default_scope('mmpose')
    MMLogger.get_instance('mmengine', log_level='ERROR')
    torch.manual_seed(0)
    batch = make_batch(args.batch, args.frames, args.channels)
    full, vibe, alone = (
        trainer(make_model(args.channels, **options).to(args.device), batch)
        for options in (
            dict(discriminator=DISCRIMINATOR, metric_losses=METRIC_LOSS),
            dict(discriminator=DISCRIMINATOR),
            {},
        )
    )
    compare('video_step_metric_loss', full, vibe, target='<= 1.1 x peer', repeats=args.repeats)
    compare('video_step_discriminator', vibe, alone, target='none', repeats=args.repeats)


def make_model(channels: int, **options: object) -> nn.Module:
    """VIBE on features, over the stand-in body."""
    return MODELS.build(
        dict(
            type='mmpose_ext.VideoMeshEstimator',
            encoder=dict(type='mmpose_ext.TemporalGRUEncoder', in_channels=channels),
            head=dict(type='mmpose_ext.SMPLIterativeHead', in_channels=channels),
            body_model=dict(path='standin'),
            **options,
        )
    )


def make_batch(clips: int, frames: int, channels: int) -> dict[str, dict]:
    """Random clips of different videos with all labels, and random motions."""
    samples = []
    for number in range(clips):
        sample = PoseDataSample(metainfo=dict(video_id=f'video_{number}', gender='neutral'))
        sample.gt_instances = InstanceData(
            keypoints=torch.rand(frames, 49, 2) * 2 - 1,
            keypoints_visible=torch.ones(frames, 49),
            joints=torch.randn(frames, 49, 3) * 0.3,
            joints_visible=torch.ones(frames, 49),
            joints_valid=torch.ones(frames),
            smpl_pose=torch.randn(frames, 24, 3) * 0.2,
            smpl_betas=torch.randn(frames, 10),
            smpl_valid=torch.ones(frames),
        )
        samples.append(sample)
    features = list(torch.rand(clips, frames, channels))
    motions = list(torch.randn(clips, frames, 69) * 0.2)
    return dict(
        kp3d=dict(inputs=dict(features=features), data_samples=samples),
        motion=dict(
            inputs=dict(motion=motions), data_samples=[PoseDataSample() for _ in range(clips)]
        ),
    )


def trainer(model: nn.Module, batch: dict[str, dict]) -> Callable[[], None]:
    """A function that makes one step."""
    model.train()
    parts: dict[str, list[nn.Parameter]] = dict(generator=[], discriminator=[])
    for name, parameter in model.named_parameters():
        part = 'discriminator' if name.startswith('discriminator.') else 'generator'
        parts[part].append(parameter)
    wrappers = {
        part: OptimWrapper(torch.optim.Adam(parameters, lr=5e-5))
        for part, parameters in parts.items()
        if parameters
    }
    if model.discriminator is None:
        batch, wrapper = dict(kp3d=batch['kp3d']), wrappers['generator']
    else:
        wrapper = OptimWrapperDict(**wrappers)

    def step() -> None:
        # The preprocessor stacks what it is given.
        streams = {name: dict(part, inputs=dict(part['inputs'])) for name, part in batch.items()}
        model.train_step(streams, wrapper)
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    return step


if __name__ == '__main__':
    main()

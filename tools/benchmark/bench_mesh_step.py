"""A distillation step of a mesh network, against its plain step plus the teacher's backbone alone.

The difference is what the distiller adds: the distances between features and their gradients. The
plain step, without any teacher, is printed beside them.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab
import torch
from _harness import compare
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--depth', type=int, default=18, choices=(18, 34, 50))
    parser.add_argument('--size', type=int, default=128, help='side of the crop in pixels')
    parser.add_argument('--batch', type=int, default=16)
    parser.add_argument('--repeats', type=int, default=10)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args()
    init_default_scope('mmpose')
    MMLogger.get_instance('mmengine', log_level='ERROR')
    torch.manual_seed(0)

    model = _model(args.depth)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / 'teacher.pth'
        torch.save(MODELS.build(model).state_dict(), checkpoint)
        distiller = MODELS.build(
            model
            | dict(
                type='mmpose_ext.FeatureDistiller',
                teacher=dict(config=model, checkpoint=checkpoint),
                distill=[dict(loss=dict(type='mmpose_ext.LogSoftmaxL1Loss'), stages=(2, 3))],
            )
        )
        distiller.init_weights()
    distiller.to(args.device)
    student, teacher = (MODELS.build(model).to(args.device) for _ in range(2))
    teacher.eval()

    batch = _batch(args.batch, args.size)
    distil, learn = _trainer(distiller, batch), _trainer(student, batch)
    inputs = teacher.data_preprocessor(dict(inputs=dict(batch['inputs'])))['inputs']

    def ours() -> None:
        distil()
        _wait()

    def peer() -> None:
        learn()
        with torch.no_grad():
            teacher.extract_feat(inputs)
        _wait()

    def plain() -> None:
        learn()
        _wait()

    compare('mesh_distillation_step', ours, peer, target='<= 1.05 x peer', repeats=args.repeats)
    compare('mesh_distillation_over_plain_step', ours, plain, 'none', repeats=args.repeats)


def _model(depth: int) -> dict:
    channels = 512 if depth < 50 else 2048
    return dict(
        type='mmpose_ext.MeshEstimator',
        backbone=dict(type='mmpose_ext.PoseGuidedResNet', depth=depth, in_channels=4),
        position_head=dict(type='mmpose_ext.SoftArgmax3DHead', in_channels=channels),
        mesh_head=dict(type='mmpose_ext.GraphMeshHead', in_channels=channels),
        body_model=dict(path='standin'),
    )


def _batch(count: int, size: int) -> dict:
    inputs: dict[str, list[Tensor]] = dict(
        img=list(torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8)),
        joints=list(torch.rand(count, 30, 2) * size),
        joints_mask=list(torch.ones(count, 30, 1)),
        edge=list(torch.rand(count, 1, size, size)),
        teacher_edge=list(torch.rand(count, 1, size, size)),
    )
    focal, centre = 1.4 * size, size / 2
    camera = torch.tensor([[[focal, 0, centre], [0, focal, centre], [0, 0, 1]]])
    samples = []
    for _ in range(count):
        sample = PoseDataSample()
        sample.gt_instances = InstanceData(
            keypoints=torch.rand(1, 30, 2) * size,
            keypoints_visible=torch.ones(1, 30),
            joints_cam=torch.randn(1, 30, 3) * 0.3,
            joints_cam_valid=torch.ones(1, 30),
            smpl_pose=torch.randn(1, 24, 3) * 0.2,
            smpl_betas=torch.randn(1, 10),
            smpl_transl=torch.tensor([[0, 0.2, 3.0]]),
            smpl_valid=torch.ones(1),
            camera=camera,
        )
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)


def _trainer(model: nn.Module, batch: dict) -> Callable[[], dict[str, Tensor]]:
    model.train()
    optimizer = OptimWrapper(torch.optim.Adam(model.parameters(), lr=1e-4))
    return lambda: model.train_step(
        dict(inputs=dict(batch['inputs']), data_samples=batch['data_samples']), optimizer
    )


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


if __name__ == '__main__':
    main()

"""Joints of SMPL bodies and their gradients: without vertices, or read off skinned ones.

Both give the same joints; the largest difference is printed::

    python tools/benchmark/bench_smpl_joints.py --bodies 352
"""

import argparse
from collections.abc import Callable

import torch
from _harness import compare
from torch import Tensor

from mmpose_ext.body_models import SMPLLayer
from mmpose_ext.geometry import axis_angle_to_matrix


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--bodies', type=int, default=352, help='frames of a training step')
    parser.add_argument('--repeats', type=int, default=9)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    layer = SMPLLayer('standin', joints='spin49').to(args.device)
    poses = 0.3 * torch.randn(args.bodies, 24, 3, device=args.device)
    rotations = axis_angle_to_matrix(poses).requires_grad_()
    betas = torch.randn(args.bodies, 10, device=args.device, requires_grad=True)

    def step(joints: Callable[[Tensor, Tensor], Tensor]) -> Callable[[], Tensor]:
        def run() -> Tensor:
            rotations.grad = betas.grad = None
            points = joints(rotations, betas)
            points.square().mean().backward()
            return points.detach()

        return run

    ours, peer = step(layer.joints), step(lambda *body: layer(*body).joints)
    print(f'largest difference: {1000 * (ours() - peer()).abs().max():.1e} mm')
    compare(
        'smpl_joints', ours, peer, target='>= 3 x peer', repeats=args.repeats, items=args.bodies
    )


if __name__ == '__main__':
    main()

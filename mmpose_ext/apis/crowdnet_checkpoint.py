"""The authors' checkpoints of 3DCrowdNet and SEFD as checkpoints of this package."""

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from mmpose_ext.models.weight_files import read_plain_data
from mmpose_ext.registry import MODELS

_RENAMES = (
    (r'backbone\.', 'backbone.'),
    (r'pose2feat\.conv\.0\.', 'backbone.fusion.conv.'),
    (r'pose2feat\.conv\.1\.', 'backbone.fusion.norm.'),
    (r'position_net\.conv\.0\.', 'position_head.conv.'),
    (r'rotation_net\.root_pose_out\.0\.', 'mesh_head.root.'),
    (r'rotation_net\.pose_out\.0\.', 'mesh_head.latent.'),
    (r'rotation_net\.shape_out\.0\.', 'mesh_head.betas.'),
    (r'rotation_net\.cam_out\.0\.', 'mesh_head.camera.'),
    (r'vposer\.vposer\.bodyprior_dec_', 'pose_prior.'),
)
# One linear layer (0) and one batch norm (1) for every joint of a block.
_JOINT_LAYER = re.compile(
    r'rotation_net\.graph_block\.(\d+)\.(?:graph_block([12])\.)?fcbn_list\.(\d+)\.([01])\.(\w+)$'
)
# What else is in such files: parts that are not needed, and networks of other variants.
_KNOWN_UNUSED = (
    *('vposer.vposer.bodyprior_enc_', 'human_model_layer.', 'smpl_overlap_backbone.'),
    *('GCBLOCK', 'edge_module', 'pidinet.', 'RCF_edge.', 'hed_edge.'),
)


class ConvertedCrowdNet(NamedTuple):
    """A converted checkpoint.

    Args:
        state_dict: Weights of a :class:`MeshEstimator`, see :func:`crowdnet_model`.
        in_channels: 3 for 3DCrowdNet, 4 for SEFD.
        unused: Keys of the file that the model does not need, as expected.
        unknown: Keys of the file that are new to this converter.
    """

    state_dict: dict[str, Tensor]
    in_channels: int
    unused: list[str]
    unknown: list[str]


def crowdnet_model(in_channels: int = 3) -> dict:
    """Config of the published network, 3DCrowdNet (3) or SEFD (4 channels), as it was published."""
    return dict(
        type='mmpose_ext.MeshEstimator',
        backbone=dict(type='mmpose_ext.PoseGuidedResNet', depth=50, in_channels=in_channels),
        position_head=dict(type='mmpose_ext.SoftArgmax3DHead', in_channels=2048, bin_centers=False),
        mesh_head=dict(type='mmpose_ext.GraphMeshHead', in_channels=2048),
        pose_prior=dict(type='mmpose_ext.VPoserDecoder'),
    )


def convert_crowdnet(path: str | Path) -> ConvertedCrowdNet:
    """Read a ``snapshot_<epoch>.pth.tar`` and rename its weights.

    Args:
        path: A checkpoint of 3DCrowdNet or SEFD. Nothing in it is executed.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds anything but plain data, or another model; lists the keys.
    """
    path = Path(path)
    network = {key.removeprefix('module.'): value for key, value in _read_network(path).items()}
    state_dict, rest = _rename(network)
    first = state_dict.get('backbone.conv1.weight')
    in_channels = 3 if first is None else first.shape[1]
    _check(path, state_dict, in_channels)
    unused = [key for key in rest if key.startswith(_KNOWN_UNUSED)]
    return ConvertedCrowdNet(
        state_dict, in_channels, unused, [key for key in rest if key not in set(unused)]
    )


def _read_network(path: Path) -> dict[str, Tensor]:
    content = read_plain_data(
        '3DCrowdNet or SEFD', path, 'The authors call it snapshot_<epoch>.pth.tar'
    )
    if not isinstance(content, dict) or 'network' not in content:
        keys = sorted(content)[:5] if isinstance(content, dict) else type(content).__name__
        raise ValueError(
            f"{path} got {keys}, expected a 'network' as in snapshots of 3DCrowdNet and SEFD"
        )
    return content['network']


def _rename(network: dict[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    state_dict: dict[str, Tensor] = {}
    joints: dict[str, dict[int, Tensor]] = defaultdict(dict)
    rest = []
    for key, value in network.items():
        layer = _JOINT_LAYER.match(key)
        if layer:
            joints[_joint_key(*layer.group(1, 2, 4, 5))][int(layer.group(3))] = value
            continue
        for pattern, replacement in _RENAMES:
            if re.match(pattern, key):
                state_dict[re.sub(pattern, replacement, key, count=1)] = value
                break
        else:
            rest.append(key)
    for key, values in joints.items():
        state_dict[key] = _join(key, [values[joint] for joint in sorted(values)])
    return state_dict, rest


def _joint_key(block: str, half: str | None, part: str, name: str) -> str:
    inner = '' if half is None else f'.layers.{int(half) - 1}'
    return f'mesh_head.graph.{block}{inner}.{"norm." if part == "1" else ""}{name}'


def _join(key: str, values: list[Tensor]) -> Tensor:
    """Layers of all joints as one."""
    if key.endswith('num_batches_tracked'):
        return values[0]
    if '.norm.' in key:
        return torch.cat(values)
    if key.endswith('.weight'):
        return torch.stack([value.T for value in values])
    return torch.stack(values)


def _check(path: Path, state_dict: dict[str, Tensor], in_channels: int) -> None:
    wanted = MODELS.build(
        crowdnet_model(in_channels) | dict(body_model=dict(path='standin'))
    ).state_dict()
    problems = [f'{key} is missing' for key in wanted if key not in state_dict]
    problems += [f'{key} is not in the model' for key in state_dict if key not in wanted]
    problems += [
        f'{key} has shape {tuple(state_dict[key].shape)}, expected {tuple(value.shape)}'
        for key, value in wanted.items()
        if key in state_dict and state_dict[key].shape != value.shape
    ]
    if problems:
        shown = '; '.join(problems[:8])
        more = f'; and {len(problems) - 8} more' if len(problems) > 8 else ''
        raise ValueError(f'{path} is no 3DCrowdNet or SEFD with a ResNet-50: {shown}{more}')

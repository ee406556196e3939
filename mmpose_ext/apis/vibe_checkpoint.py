"""The authors' checkpoints of VIBE and of SPIN as checkpoints of this package."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mmpose_ext.models.weight_files import read_plain_data
from mmpose_ext.registry import MODELS

_HEAD = {
    **{f'init_{name}': f'init_{name}' for name in ('pose', 'shape', 'cam')},
    **dict(fc1='fc1', fc2='fc2', decpose='pose', decshape='betas', deccam='camera'),
}
_DISCRIMINATOR = {'gru': 'gru', 'attention.attention': 'attention', 'fc': 'score'}
# Arrays of the body model, which is licensed for itself and read from its own file.
_KNOWN_UNUSED = ('regressor.smpl.', 'smpl.')
_VIBE, _SPIN = 'gen_state_dict', 'model'


class ConvertedVIBE(NamedTuple):
    """A converted checkpoint.

    Args:
        kind: ``'vibe'`` or ``'spin'``.
        state_dict: Weights of the parts of a :class:`VideoMeshEstimator`, see :func:`vibe_model`.
        parts: Which parts of the model they are.
        missing: Parts that such files may have and this one has not.
        unused: Keys of the file that the model does not need, as expected.
        unknown: Keys of the file that are new to this converter.
    """

    kind: str
    state_dict: dict[str, Tensor]
    parts: list[str]
    missing: list[str]
    unused: list[str]
    unknown: list[str]


def vibe_model(with_backbone: bool = False, with_discriminator: bool = True) -> dict[str, Any]:
    """Config of the published network, with SPIN's image backbone or without it."""
    model: dict[str, Any] = dict(
        type='mmpose_ext.VideoMeshEstimator',
        encoder=dict(type='mmpose_ext.TemporalGRUEncoder'),
        head=dict(type='mmpose_ext.SMPLIterativeHead'),
    )
    if with_backbone:
        model['backbone'] = spin_backbone()
    if with_discriminator:
        model['discriminator'] = dict(type='mmpose_ext.MotionDiscriminator')
    return model


def spin_backbone() -> dict[str, Any]:
    """Config of SPIN's ResNet-50, whose averaged last map is the feature of a frame in VIBE.

    Images are crops of 224 px, RGB, normalized as ImageNet's.
    """
    return dict(
        type='mmpose_ext.PooledBackbone',
        backbone=dict(type='mmpose.ResNet', depth=50, norm_eval=True),
        frozen=True,
    )


def convert_vibe(path: str | Path, expect: str | None = None) -> ConvertedVIBE:
    """Read a checkpoint of VIBE or of SPIN and rename its weights.

    VIBE's are ``vibe_model_w_3dpw.pth.tar`` and what its training writes, with a generator and
    maybe a motion discriminator. SPIN's are ``spin_model_checkpoint.pth.tar`` and
    ``model_checkpoint.pt``, with an image network and maybe its head; VIBE's features are made with
    the one, and its training starts from the other.

    Args:
        path: The file. Nothing in it is executed.
        expect: ``'vibe'`` or ``'spin'``, to refuse the other; any by default.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds anything but plain data, or another model; lists the keys.
    """
    path = Path(path)
    content = read_plain_data('VIBE or SPIN', path, 'The authors call it *.pth.tar')
    kind = _kind(path, content)
    if expect is not None and kind != expect:
        names = dict(vibe='a VIBE generator', spin="SPIN's image network")
        raise ValueError(
            f'{path} got {names[kind]} (keys {sorted(content)[:5]}), expected {names[expect]}'
        )
    if kind == 'vibe':
        named = {
            **_prefixed('', content[_VIBE]),
            **_prefixed('disc_motion.', content.get('disc_motion_state_dict') or {}),
        }
        possible = dict(encoder=True, head=True, discriminator=False)
    else:
        named = _prefixed('', content[_SPIN])
        possible = dict(backbone=True, head=False)
    state_dict, rest = _rename(named, kind)
    parts = [
        part
        for part, needed in possible.items()
        if needed or any(key.startswith(f'{part}.') for key in state_dict)
    ]
    _check(path, kind, state_dict, parts)
    unused = [key for key in rest if key.startswith(_KNOWN_UNUSED)]
    return ConvertedVIBE(
        kind,
        state_dict,
        parts,
        [part for part in possible if part not in parts],
        unused,
        [key for key in rest if key not in set(unused)],
    )


def _kind(path: Path, content: Any) -> str:
    if isinstance(content, dict):
        for key, kind in ((_VIBE, 'vibe'), (_SPIN, 'spin')):
            if isinstance(content.get(key), dict):
                return kind
    keys = sorted(map(str, content))[:5] if isinstance(content, dict) else type(content).__name__
    raise ValueError(
        f'{path} got {keys}, expected {_VIBE!r} as in checkpoints of VIBE, or {_SPIN!r} as in '
        'those of SPIN'
    )


def _prefixed(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + key.removeprefix('module.'): value for key, value in weights.items()}


def _rename(named: dict[str, Tensor], kind: str) -> tuple[dict[str, Tensor], list[str]]:
    head = 'regressor.' if kind == 'vibe' else ''
    renames = {f'{head}{theirs}': f'head.{ours}' for theirs, ours in _HEAD.items()}
    if kind == 'vibe':
        renames |= {'encoder.gru': 'encoder.gru', 'encoder.linear': 'encoder.linear'}
        renames |= {f'disc_motion.{a}': f'discriminator.{b}' for a, b in _DISCRIMINATOR.items()}
    else:
        layers = ('conv1', 'bn1', 'layer1', 'layer2', 'layer3', 'layer4')
        renames |= {layer: f'backbone.body.{layer}' for layer in layers}
    state_dict, rest = {}, []
    for key, value in named.items():
        theirs = next((name for name in renames if key == name or key.startswith(f'{name}.')), None)
        if theirs is None:
            rest.append(key)
        else:
            state_dict[renames[theirs] + key.removeprefix(theirs)] = value
    return state_dict, rest


def _check(path: Path, kind: str, state_dict: dict[str, Tensor], parts: list[str]) -> None:
    config = vibe_model(with_backbone='backbone' in parts)
    with torch.device('meta'):  # Names and shapes are enough.
        networks = {part: MODELS.build(config[part]) for part in parts}
    wanted = {
        f'{part}.{key}': value
        for part, network in networks.items()
        for key, value in network.state_dict().items()
    }
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
        title = dict(vibe='VIBE of the published size', spin='SPIN with a ResNet-50')[kind]
        raise ValueError(f'{path} is no {title}: {shown}{more}')

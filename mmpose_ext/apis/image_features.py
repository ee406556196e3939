"""The image backbone of a config and its weights, for use without the rest of the model."""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import nn

from mmpose_ext.models.weight_files import local_copy, read_weights

_OWNER = 'image backbone'
_ADVICE = 'Give the weights that the config was trained to.'
_PREFIX = 'backbone.'
_NAMED_KEYS = 4


class ImageFeatures:
    """Turns crops into features as an estimator does that has images for its input.

    Only the backbone and the data preprocessor of the model are built. It is sent to worker
    processes, each of which builds it once.

    Args:
        config: With a ``model`` that has a ``backbone`` of images ``(N, 3, S, S)`` to vectors
            ``(N, C)``, such as :class:`VideoMeshEstimator` with :class:`PooledBackbone`; or with
            such a backbone as ``model`` itself and a ``data_preprocessor`` beside it.
        checkpoint: Weights of the model, or of the backbone alone: file, URL or object store
            address.
        device: Where to compute.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If the config has no image backbone, or the weights are of another one.
    """

    def __init__(self, config: Config, checkpoint: str | Path, device: str = 'cpu') -> None:
        self._scope = config.get('default_scope', 'mmpose')
        self._backbone, self._data_preprocessor = _parts(config)
        self.checkpoint = str(checkpoint)
        self.device = torch.device(device)
        self._modules: tuple[nn.Module, nn.Module] | None = None
        # Before any worker: what is wrong is told once.
        self._build()

    def settings_crc32(self) -> int:
        """Fingerprint of the network without its weights."""
        parts = json.dumps([self._backbone, self._data_preprocessor], default=str, sort_keys=True)
        return zlib.crc32(parts.encode())

    def checkpoint_crc32(self) -> int:
        """CRC-32 of the file of weights."""
        with local_copy(_OWNER, self.checkpoint, _ADVICE) as path:
            return zlib.crc32(path.read_bytes())

    @torch.no_grad()
    def __call__(self, crops: np.ndarray) -> np.ndarray:
        """Compute the features of a batch.

        Args:
            crops: BGR ``(N, S, S, 3)`` uint8.

        Returns:
            ``(N, C)`` float32.

        Raises:
            ValueError: If the backbone returns anything but vectors, or not finite numbers.
        """
        if self._modules is None:
            self._build()
        backbone, preprocessor = self._modules
        images = torch.from_numpy(np.ascontiguousarray(crops.transpose(0, 3, 1, 2)))
        # The frames of one clip.
        inputs = preprocessor(dict(inputs=dict(img=[images]), data_samples=None), False)['inputs']
        features = backbone(inputs['img'][0])
        if not isinstance(features, torch.Tensor) or features.shape[:-1] != images.shape[:1]:
            shape = getattr(features, 'shape', type(features).__name__)
            raise ValueError(
                f'backbone returned {shape}, expected ({len(images)}, C): pool its maps with '
                'mmpose_ext.PooledBackbone'
            )
        if not torch.isfinite(features).all():
            raise ValueError(
                f'features are not finite numbers, expected so: are the weights '
                f'{self.checkpoint!r} damaged?'
            )
        return features.float().cpu().numpy()

    def __getstate__(self) -> dict:
        # Workers build their own, on their own threads and streams.
        return self.__dict__ | dict(_modules=None)

    def _build(self) -> None:
        init_default_scope(self._scope)
        # Weights are not drawn: all of them are loaded.
        backbone = MODELS.build(self._backbone)
        preprocessor = MODELS.build(self._data_preprocessor)
        _load(backbone, self.checkpoint)
        if self.device.type == 'cuda':
            torch.backends.cudnn.benchmark = False
            torch.backends.cudnn.deterministic = True
        # Some backbones return nothing when they change their mode.
        backbone.eval()
        self._modules = backbone.to(self.device), preprocessor.to(self.device)


def _parts(config: Config) -> tuple[dict, dict]:
    """Configs of backbone and data preprocessor, plain and without initial weights."""
    name = config.filename or 'the config'
    model = config.get('model')
    if model is None:
        raise ValueError(f'{name}: has no model')
    plain = model.to_dict()
    if 'head' in plain and plain.get('backbone') is None:
        raise ValueError(
            f'{name}: {plain.get("type")} has no backbone, expected one: its input are '
            'features. Give a config of an image stage, such as '
            'configs/fewshot/image_hmr_resnet50.py'
        )
    whole = 'head' in plain
    backbone = plain['backbone'] if whole else plain
    owner = plain if whole else config
    preprocessor = owner.get('data_preprocessor')
    if preprocessor is None:
        raise ValueError(
            f'{name}: has no data_preprocessor, expected that of the training, which '
            'normalizes images'
        )
    return _without_initial_weights(backbone), _without_initial_weights(dict(preprocessor))


def _without_initial_weights(part: object) -> object:
    if isinstance(part, dict):
        return {
            key: _without_initial_weights(value) for key, value in part.items() if key != 'init_cfg'
        }
    if isinstance(part, (list, tuple)):
        return type(part)(map(_without_initial_weights, part))
    return part


def _load(backbone: nn.Module, checkpoint: str) -> None:
    weights = read_weights(_OWNER, checkpoint, _ADVICE)
    inside = [key for key in weights if key.startswith(_PREFIX)]
    if inside:
        weights = {key.removeprefix(_PREFIX): weights[key] for key in inside}
    own = set(backbone.state_dict())
    counters = {key for key in own if key.endswith('num_batches_tracked')}
    missing, unknown = sorted(own - counters - weights.keys()), sorted(weights.keys() - own)
    if missing or unknown:
        raise ValueError(
            f'{_OWNER}: checkpoint {checkpoint!r} is of another model: it lacks {len(missing)} '
            f'weights {missing[:_NAMED_KEYS]} and has {len(unknown)} unknown ones '
            f'{unknown[:_NAMED_KEYS]}'
        )
    # Weights of older PyTorch count no batches.
    backbone.load_state_dict(weights, strict=False)

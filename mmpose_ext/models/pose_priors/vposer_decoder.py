from pathlib import Path
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mmpose_ext.geometry import interleaved_to_columns, rotation_6d_to_matrix
from mmpose_ext.models.weight_files import read_plain_data
from mmpose_ext.registry import MODELS

_BODY_JOINTS = 21
_PREFIX = 'bodyprior_dec_'
_WHERE_TO_GET = 'VPoser v1.0 is available from https://smpl-x.is.tue.mpg.de after registration'


@MODELS.register_module()
class VPoserDecoder(nn.Module):
    """The decoder of VPoser v1 (Pavlakos et al., CVPR 2019) with the weights of the user's copy.

    It stays as it was trained: no parameter asks for a gradient, and there is no dropout. The file
    is read when the runner initializes the model, or with the first latent vector; where a whole
    model that has the decoder is loaded, as in testing, it is not needed.

    Args:
        checkpoint: VPoser's own ``.pt`` file, or a snapshot of 3DCrowdNet, which holds it. May be
            left out where a whole model is loaded.
    """

    latent_dim = 32

    def __init__(self, checkpoint: str | Path | None = None) -> None:
        super().__init__()
        self.fc1 = nn.Linear(self.latent_dim, 512)
        self.fc2 = nn.Linear(512, 512)
        self.out = nn.Linear(512, 6 * _BODY_JOINTS)
        self.checkpoint = checkpoint
        self.has_weights = False
        self.requires_grad_(False)

    def init_weights(self) -> None:
        """Read the weights, unless that is done or there is no file.

        Raises:
            FileNotFoundError: If there is no such file; says where to get it.
            ValueError: If the file holds no such decoder, or anything but plain data.
        """
        if self.checkpoint is not None and not self.has_weights:
            self.load_state_dict(_read_decoder(self.checkpoint))

    def decode(self, latent: Tensor) -> Tensor:
        """Turn latent vectors into rotations.

        Args:
            latent: ``(B, 32)``.

        Returns:
            Rotation matrices of SMPL's joints 1 to 21, ``(B, 21, 3, 3)``.

        Raises:
            ValueError: If no weights were loaded, and there is no file to read them from.
        """
        self.init_weights()
        if not self.has_weights:
            raise ValueError(
                f'VPoserDecoder got no weights, expected `checkpoint`. {_WHERE_TO_GET}'
            )
        hidden = F.leaky_relu(self.fc1(latent), 0.2)
        hidden = F.leaky_relu(self.fc2(hidden), 0.2)
        rotations = self.out(hidden).reshape(-1, _BODY_JOINTS, 6)
        return rotation_6d_to_matrix(interleaved_to_columns(rotations))

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
        self.has_weights |= f'{prefix}out.weight' in state_dict


def _read_decoder(path: str | Path) -> dict[str, Tensor]:
    content = read_plain_data('VPoserDecoder', path, _WHERE_TO_GET)
    for key in ('network', 'state_dict'):
        content = content.get(key, content) if isinstance(content, dict) else {}
    decoder = {key.split(_PREFIX)[1]: value for key, value in content.items() if _PREFIX in key}
    wanted = {f'{layer}.{kind}' for layer in ('fc1', 'fc2', 'out') for kind in ('weight', 'bias')}
    if set(decoder) != wanted:
        raise ValueError(
            f'{path} got {sorted(decoder) or "no keys"} under {_PREFIX}*, expected '
            f'{sorted(wanted)}: the decoder of VPoser v1'
        )
    return decoder

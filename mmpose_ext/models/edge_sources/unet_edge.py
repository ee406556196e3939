import re
from pathlib import Path

from mmpose_ext.models.edge_sources.edge_source import EdgeSource
from mmpose_ext.models.edge_sources.unet import UNet
from mmpose_ext.models.weight_files import StateDict
from mmpose_ext.registry import MODELS

# The released file's names of the encoder and of the decoder for edges, and ours for them.
_RELEASED_NAMES = (
    (re.compile(r'inc\.double_conv\.'), lambda match: 'encoder.0.'),
    (
        re.compile(r'down(\d)\.maxpool_conv\.1\.double_conv\.'),
        lambda match: f'encoder.{match[1]}.',
    ),
    (re.compile(r'up(\d)_1\.up\.'), lambda match: f'upsampling.{int(match[1]) - 1}.'),
    (re.compile(r'up(\d)_1\.conv\.double_conv\.'), lambda match: f'decoder.{int(match[1]) - 1}.'),
    (re.compile(r'outc_1\.conv\.'), lambda match: 'output.'),
)
# What else the released file holds: a decoder for segmentation and layers that nothing uses.
_RELEASED_EXTRAS = re.compile(r'(up\d_2|outc_2|pose2feat)\.')


@MODELS.register_module()
class UNetEdge(EdgeSource):
    """SMPL edges as a trained :class:`SMPLEdgeEstimator` (SEE) sees them.

    Takes the checkpoints that MMEngine writes when it trains that model, and
    ``checkpoint_epoch64.pth`` of `SEFD <https://github.com/YangChangHee/ICCV2023_SEFD_RELEASE>`_,
    of whose two decoders only the one for edges is kept. The latter's names are from the published
    code; a result of the file itself is not verified.

    Args:
        checkpoint: File, URL or object store address of the weights.
        dilation: Side in pixels of the square that thickens the edges: 0 (not at all), 3, 5, 7, 9.
        init: ``'checkpoint'``, or ``'random'`` for tests.
        width: Channels at full resolution, as it was trained.

    Raises:
        ValueError: If ``checkpoint`` is missing, or an option is unknown.
    """

    homepage = (
        'your own training of mmpose_ext.SMPLEdgeEstimator, or '
        'https://github.com/YangChangHee/ICCV2023_SEFD_RELEASE (assets/various_edge.md)'
    )

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        dilation: int = 0,
        init: str = 'checkpoint',
        width: int = 64,
    ) -> None:
        super().__init__(UNet(width), checkpoint, dilation, init)

    def adapt(self, weights: StateDict) -> StateDict:
        """Find the U-Net in a training's checkpoint, or rename the released one."""
        if any(key.startswith('unet.') for key in weights):
            return {
                key.removeprefix('unet.'): value
                for key, value in weights.items()
                if key.startswith('unet.')
            }
        return {
            _own_name(key): value
            for key, value in weights.items()
            if not _RELEASED_EXTRAS.match(key)
        }


def _own_name(key: str) -> str:
    for pattern, replacement in _RELEASED_NAMES:
        key = pattern.sub(replacement, key)
    return key

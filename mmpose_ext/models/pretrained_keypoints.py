from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.logging import print_log
from mmengine.runner import CheckpointLoader
from torch import nn

from mmpose_ext.registry import WEIGHT_INITIALIZERS
from mmpose_ext.skeletons import KeypointMap, Skeleton, get_skeleton


@WEIGHT_INITIALIZERS.register_module()
class PretrainedKeypoints:
    """Start a head from one that was trained with another skeleton, keypoint by keypoint.

    For ``init_cfg`` of a head. A tensor with a row per keypoint is put together from the rows of
    the keypoints of the same name, all others are copied. Unlike a new layer on pretrained
    features, such a head begins with what it knows: fine-tuning neither waits for it nor bends the
    features to it. Where this head has n rows per keypoint, one after the other, such as the depth
    bins of :class:`SoftArgmax3DHead`, each of them begins as the keypoint's one row.

    Args:
        checkpoint: File or address of the checkpoint.
        source: The skeleton it was trained with, as ``get_skeleton`` takes it.
        target: The skeleton of this head, all of whose keypoints the source has.
        prefix: Name of the head in the checkpoint.
        aliases: Further pairs of names, of the source and of the target.
        layer: Name of the part of this head to write, all of it by default.

    Raises:
        ValueError: If the source lacks a keypoint, or the checkpoint does not fit the head.
    """

    def __init__(
        self,
        checkpoint: str | Path,
        source: str | dict | Skeleton,
        target: str | dict | Skeleton,
        prefix: str = 'head.',
        aliases: Mapping[str, str] | None = None,
        layer: str = '',
    ) -> None:
        self.checkpoint, self.prefix, self.layer = str(checkpoint), prefix, layer
        self.source, self.target = get_skeleton(source), get_skeleton(target)
        pairs = KeypointMap.between(self.source, self.target, aliases=aliases).pairs()
        known = {index for _, index in pairs}
        unknown = [name for index, name in enumerate(self.target.keypoints) if index not in known]
        if unknown:
            raise ValueError(
                f'skeleton {self.source.name!r} of {self.checkpoint} got no {unknown}, expected '
                f'all keypoints of {self.target.name!r}'
            )
        self.rows = [row for row, _ in pairs]

    def __call__(self, module: nn.Module) -> None:
        """Write the weights into ``module``."""
        content = CheckpointLoader.load_checkpoint(self.checkpoint, map_location='cpu')
        weights = content.get('state_dict', content)
        part = module.get_submodule(self.layer)
        own = part.state_dict()
        chosen, wrong = {}, []
        for name, value in own.items():
            found = weights.get(f'{self.prefix}{name}')
            if found is not None and self._has_rows(found, value):
                repeats = len(value) // self.target.num_keypoints
                found = found[self.rows].repeat_interleave(repeats, dim=0)
            if found is None or found.shape != value.shape:
                shape = None if found is None else tuple(found.shape)
                wrong.append(f'{self.prefix}{name} {shape}, expected {tuple(value.shape)}')
            chosen[name] = found
        if wrong:
            raise ValueError(f'{self.checkpoint} got {"; ".join(wrong)}')
        part.load_state_dict(chosen)
        print_log(
            f'{len(self.rows)} of {self.source.num_keypoints} keypoints of {self.prefix}* in '
            f'{self.checkpoint} begin {type(module).__name__}',
            logger='current',
        )

    def _has_rows(self, found: torch.Tensor, wanted: torch.Tensor) -> bool:
        return (
            found.ndim > 0
            and len(found) == self.source.num_keypoints
            and wanted.ndim > 0
            and len(wanted) % self.target.num_keypoints == 0
        )

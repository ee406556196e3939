from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmpose_ext.registry import MODELS


@MODELS.register_module()
class MeshDataPreprocessor(BaseDataPreprocessor):
    """Batch the inputs of a mesh estimator: images, 2D poses and edge maps.

    Labels stay where they are; the estimator moves what it needs of them in one piece.

    Args:
        mean: Subtracted from the channels R, G and B in 0..255.
        std: Divides them. By default images get values in 0..1, as 3DCrowdNet has them.
        bgr_to_rgb: Whether images come as BGR.
        max_edge: Largest value of edge maps, to which larger ones are cut; magnitudes are not
            limited.
        edge_std: Divides edge maps, see :meth:`standardize_edges`. Where images are divided by
            their deviation, edges drown beside them unless they are divided by the same, ``std /
            255``: as published, images have a deviation of about a quarter and edges are 1.
        non_blocking: See ``BaseDataPreprocessor``.
    """

    def __init__(
        self,
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (255.0, 255.0, 255.0),
        bgr_to_rgb: bool = True,
        max_edge: float | None = None,
        edge_std: float = 1.0,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        if not edge_std > 0:
            raise ValueError(f'edge_std got {edge_std!r}, expected a positive number')
        for name, values in (('mean', mean), ('std', std)):
            self.register_buffer(name, torch.tensor(values).float().view(3, 1, 1), persistent=False)
        self._channel_conversion = bgr_to_rgb
        self.max_edge = max_edge
        self.edge_std = edge_std

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Stack, move and normalize.

        Args:
            data: ``inputs``, a dict of tensors or of lists of tensors, among them ``img``
                ``(3, H, W)`` uint8; and ``data_samples``.
            training: Not used.

        Returns:
            ``inputs``, a dict of tensors ``(B, ...)`` with ``img`` in float, and ``data_samples``.

        Raises:
            ValueError: If the images have different sizes.
        """
        inputs = {name: self._batch(name, values) for name, values in data['inputs'].items()}
        images = inputs['img']
        if self._channel_conversion:
            images = images.flip(1)
        inputs['img'] = (images.to(self.mean.dtype) - self.mean) / self.std
        if self.max_edge is not None:
            for name in inputs.keys() & {'edge', 'teacher_edge'}:
                inputs[name] = inputs[name].clamp(max=self.max_edge)
        return dict(inputs=inputs, data_samples=data.get('data_samples'))

    def unit_images(self, images: Tensor) -> Tensor:
        """Undo the normalization: images ``(B, 3, H, W)`` with values in 0..1."""
        return ((images * self.std + self.mean) / 255).clamp(0, 1)

    def standardize_edges(self, edges: Tensor) -> Tensor:
        """Bring edge maps, drawn or detected, to the scale of the images beside them.

        Args:
            edges: ``(B, 1, H, W)``, 0 for none and 1 for a binary edge.
        """
        return edges / self.edge_std

    def _batch(self, name: str, values: Tensor | Sequence[Tensor]) -> Tensor:
        if not isinstance(values, Tensor):
            shapes = {tuple(value.shape) for value in values}
            if len(shapes) > 1:
                raise ValueError(f'inputs {name!r} got shapes {sorted(shapes)}, expected one')
            values = torch.stack(list(values))
        return self.cast_data(values)

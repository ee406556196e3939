from collections.abc import Sequence
from typing import Any

from mmpose_ext.models.data_preprocessors.mesh_data_preprocessor import MeshDataPreprocessor
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class VideoMeshDataPreprocessor(MeshDataPreprocessor):
    """Batch the inputs of a video mesh estimator: features or images, masks, motions.

    Args:
        mean: Subtracted from the channels R, G and B in 0..255; ImageNet's by default.
        std: Divides them.
        options: Further arguments of :class:`MeshDataPreprocessor`.
    """

    def __init__(
        self,
        mean: Sequence[float] = (123.675, 116.28, 103.53),
        std: Sequence[float] = (58.395, 57.12, 57.375),
        **options: Any,
    ) -> None:
        super().__init__(mean, std, **options)

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Stack, move and normalize.

        Args:
            data: One batch, ``inputs`` and ``data_samples``, or several batches by the names of
                their streams. ``inputs`` is a dict of tensors or of lists of tensors: ``features``
                ``(T, C)``, ``img`` ``(T, 3, S, S)`` uint8, ``mask`` ``(T, 1, S, S)``, ``motion``
                ``(T, 69)``.
            training: Not used.

        Returns:
            The same with ``inputs`` of tensors ``(B, ...)``, images in float.

        Raises:
            ValueError: If clips have different shapes.
        """
        if 'inputs' not in data:
            return {name: self._one(batch, name) for name, batch in data.items()}
        return self._one(data)

    def _one(self, data: dict[str, Any], stream: str = '') -> dict[str, Any]:
        title = f'{stream} ' if stream else ''
        inputs = {
            name: self._batch(f'{title}{name}', values) for name, values in data['inputs'].items()
        }
        if 'img' in inputs:
            images = inputs['img'].flip(2) if self._channel_conversion else inputs['img']
            inputs['img'] = (images.to(self.mean.dtype) - self.mean) / self.std
        return dict(inputs=inputs, data_samples=data.get('data_samples'))

"""Images and labels to a device, few copies for many people."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from torch import Tensor

from mmpose_ext.registry import MODELS


@MODELS.register_module()
class BatchedPoseDataPreprocessor(PoseDataPreprocessor):
    """MMPose's ``PoseDataPreprocessor``, for batches of many people.

    The stock one copies every data sample with all it describes, and each of its tensors to the
    device by itself. Here the tensors of one name go together, and the samples stay the objects
    they are: those given in are changed. The numbers are the same.
    """

    def cast_data(self, data: Any) -> Any:
        """Move a batch to the model's device.

        Args:
            data: ``dict(inputs, data_samples)`` as a loader gives it. Its data samples are changed.

        Returns:
            The same, on the device.
        """
        if isinstance(data, Sequence) and data and isinstance(data[0], BaseDataElement):
            self._move(data)
            return data
        return super().cast_data(data)

    def _move(self, samples: Sequence[BaseDataElement]) -> None:
        # Of one name, shape and type: all people's heatmaps, for example.
        places = defaultdict(list)
        for sample in samples:
            for owner, name, value in _tensors(sample, ''):
                if value.device != self.device:
                    key = (type(owner), name, value.shape, value.dtype, value.device)
                    places[key].append((owner, name.rpartition('.')[2], value))
        for found in places.values():
            batch = torch.stack([value for _, _, value in found])
            batch = batch.to(self.device, non_blocking=self._non_blocking)
            for (owner, name, _), value in zip(found, batch, strict=True):
                # Not through the owner, which checks lengths that have not changed.
                object.__setattr__(owner, name, value)


def _tensors(element: BaseDataElement, path: str) -> Iterator[tuple[BaseDataElement, str, Tensor]]:
    for name, value in element.items():
        if isinstance(value, BaseDataElement):
            yield from _tensors(value, f'{path}{name}.')
        elif isinstance(value, Tensor):
            yield element, f'{path}{name}', value

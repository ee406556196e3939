"""Batches that travel from a loader's worker in one piece."""

import pickle
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import torch
from mmengine.dataset import pseudo_collate
from torch import Tensor
from torch.utils.data import get_worker_info

from mmpose_ext.registry import FUNCTIONS

# Bytes. Less than a page stays inside the pickle; a cache line keeps every tensor's type aligned.
_SMALL = 4096
_ALIGNMENT = 64


@FUNCTIONS.register_module()
def packed_collate(samples: Sequence[dict]) -> Any:
    """Collate like ``pseudo_collate``, images stacked, and send a batch as one block of memory.

    For ``collate_fn=dict(type='mmpose_ext.packed_collate')``. PyTorch sends every tensor of a batch
    as a shared memory file of its own, which the main process asks the worker for through a socket.
    With MMPose's samples, two or three tensors a person, that takes the main process longer than
    reading the same images would, however many workers there are, and open files by the thousand
    (``Too many open files``). Packed, a batch is one such file.

    Args:
        samples: What the dataset gave, such as ``dict(inputs=image, data_samples=sample)``.

    Returns:
        ``pseudo_collate(samples)``, but the ``inputs`` as one tensor :math:`(B, ...)` where all
        have one shape and type. A worker returns it packed; it is unpacked on arrival.
    """
    batch = pseudo_collate(samples)
    if isinstance(batch, dict) and _stackable(batch.get('inputs')):
        batch['inputs'] = torch.stack(batch['inputs'])
    return batch if get_worker_info() is None else _PackedBatch(batch)


def _stackable(values: Any) -> bool:
    return (
        isinstance(values, list)
        and all(isinstance(value, Tensor) for value in values)
        and len({(value.shape, value.dtype) for value in values}) == 1
    )


class _PackedBatch:
    """A batch as a pickle, whose tensors and arrays lie in one block; unpickles as the batch."""

    def __init__(self, batch: Any) -> None:
        buffers: list[pickle.PickleBuffer] = []

        def keep(buffer: pickle.PickleBuffer) -> bool:
            """True leaves the buffer in the pickle."""
            if buffer.raw().nbytes < _SMALL:
                return True
            buffers.append(buffer)
            return False

        file = BytesIO()
        _Pickler(file, protocol=5, buffer_callback=keep).dump(batch)
        self._pickled = file.getvalue()
        self._spans = []
        end = 0
        for buffer in buffers:
            start = -(-end // _ALIGNMENT) * _ALIGNMENT
            end = start + buffer.raw().nbytes
            self._spans.append((start, end))
        self._block = torch.empty(end, dtype=torch.uint8)
        memory = memoryview(self._block.numpy())
        for (start, end), buffer in zip(self._spans, buffers, strict=True):
            memory[start:end] = buffer.raw()

    def __reduce__(self) -> tuple:
        return _unpack, (self._pickled, self._block, self._spans)


def _unpack(pickled: bytes, block: Tensor, spans: Sequence[tuple[int, int]]) -> Any:
    memory = memoryview(block.numpy())
    return pickle.loads(pickled, buffers=[memory[start:end] for start, end in spans])


class _Pickler(pickle.Pickler):
    """Hands out the memory of tensors as NumPy does that of arrays."""

    def reducer_override(self, value: Any) -> Any:
        plain = (
            type(value) is Tensor
            and value.device.type == 'cpu'
            and value.layout is torch.strided
            and not value.requires_grad
            and not value.is_quantized
            and value.numel() > 0
        )
        if not plain:
            return NotImplemented
        memory = value.contiguous().view(-1).view(torch.uint8).numpy()
        return _restore, (pickle.PickleBuffer(memory), value.dtype, tuple(value.shape))


def _restore(memory: Any, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    return torch.frombuffer(memory, dtype=dtype).view(shape)

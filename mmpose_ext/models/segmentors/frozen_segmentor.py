from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmpose_ext.models.data_preprocessors import MeshDataPreprocessor
from mmpose_ext.models.distillers import FrozenTeacher
from mmpose_ext.models.distillers.frozen_teacher import Renormalization
from mmpose_ext.models.segmentors.foreground_segmentor import foreground_probability
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class FrozenSegmentor(BaseModule):
    """A trained foreground segmentor inside another model, which makes masks and never moves.

    It stays in eval mode, asks for no gradient, and is in no state dict, optimizer or distributed
    wrapper. Its weights are read when the runner initializes the model, or with the first image.

    Args:
        config: Config of a :class:`ForegroundSegmentor`, see :meth:`FrozenTeacher.load`.
        checkpoint: Its weights: file, URL or object store address.
        input_size: Side in pixels that square crops are brought to for it; their own by default.
        batch_size: Images that go through at once. A batch of clips has hundreds.

    Raises:
        ValueError: If the batch size is not positive.
    """

    def __init__(
        self,
        config: str | Path | dict,
        checkpoint: str | Path,
        input_size: int | None = None,
        batch_size: int = 32,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(f'batch_size got {batch_size!r}, expected a positive number')
        self.config = config
        self.checkpoint = checkpoint
        self.input_size = input_size
        self.batch_size = batch_size
        # Outside of the module tree.
        self._hidden: dict[str, FrozenTeacher] = {}

    @property
    def is_loaded(self) -> bool:
        """Whether the weights were read."""
        return bool(self._hidden)

    def init_weights(self) -> None:
        """Read the weights, unless that is done.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged, or holds the weights of another network.
        """
        if self.is_loaded:
            return
        segmentor = FrozenTeacher.load('foreground segmentor', self.config, self.checkpoint)
        self._hidden['segmentor'] = segmentor
        unit_rgb = MeshDataPreprocessor()
        self._normalize = Renormalization(unit_rgb, segmentor.model.data_preprocessor)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Find people.

        Args:
            images: RGB crops ``(N, 3, H, W)`` in 0..1.

        Returns:
            The probability of the person ``(N, 1, H, W)`` float32, without gradient.
        """
        self.init_weights()
        # A runner reads weights after it has moved the model to its device.
        self._hidden['segmentor'].to(images.device)
        return torch.cat([self._segment(chunk) for chunk in images.split(self.batch_size)])

    def _segment(self, images: Tensor) -> Tensor:
        size = images.shape[-2:]
        if self.input_size is not None and tuple(size) != (self.input_size,) * 2:
            images = F.interpolate(
                images, (self.input_size,) * 2, mode='bilinear', align_corners=False, antialias=True
            )
        logits = self._hidden['segmentor'](self._normalize(images))
        # What was made in inference mode could take no part in training; softmax makes it anew.
        return foreground_probability(logits, size)

    def _apply(
        self, function: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> 'FrozenSegmentor':
        if self.is_loaded:
            self._hidden['segmentor']._apply(function, recurse)
        return super()._apply(function, recurse)

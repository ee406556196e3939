from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from mmpose_ext.models.weight_files import StateDict, read_weights


class FrozenNetwork(nn.Module):
    """A network with published weights that only answers: nothing in it ever moves.

    It is kept outside the module tree, so that its owner has no parameters, no state dict entries
    and no modes of it: training leaves it in eval mode, checkpoints hold nothing of it, and no
    optimizer, distributed wrapper or gradient clipping meets it. It follows its owner's device,
    precision and memory layout. Its weights are read when the runner initializes the model, or
    with the first image.

    Args:
        network: The network.
        name: What to call it in error messages.
        checkpoint: File, URL or object store address of its weights.
        init: ``'checkpoint'``, or ``'random'`` for weights that mean nothing: for tests only.
        homepage: Where the weights are published, for error messages.
        adapt: Brings the weights of a file into the network's own names.

    Raises:
        ValueError: If there is neither a checkpoint nor the wish for random weights, or both.
    """

    def __init__(
        self,
        network: nn.Module,
        name: str,
        checkpoint: str | Path | None,
        init: str,
        homepage: str,
        adapt: Callable[[StateDict], StateDict] = dict,
    ) -> None:
        super().__init__()
        if init not in ('checkpoint', 'random'):
            raise ValueError(f"{name}: init got {init!r}, expected 'checkpoint' or 'random'")
        if checkpoint is None and init == 'checkpoint':
            raise ValueError(
                f'{name}: checkpoint got None, expected the file with its weights. They are not '
                f'part of this package; get them from {homepage}'
            )
        if checkpoint is not None and init == 'random':
            raise ValueError(
                f"{name}: init got 'random' beside checkpoint {str(checkpoint)!r}, expected one"
            )
        self.name, self.checkpoint, self.homepage = name, checkpoint, homepage
        self._adapt = adapt
        self._hidden = dict(network=network.requires_grad_(False).eval())
        self.is_loaded = init == 'random'

    @property
    def network(self) -> nn.Module:
        """The network itself."""
        return self._hidden['network']

    def init_weights(self) -> None:
        """Read the weights, unless that is done.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged, holds anything but plain data, or holds the weights
                of another network.
        """
        if self.is_loaded:
            return
        advice = f'The weights are published at {self.homepage}'
        weights = self._adapt(read_weights(self.name, self.checkpoint, advice))
        try:
            self.network.load_state_dict(weights, strict=True)
        except RuntimeError as error:
            raise ValueError(
                f'{self.name}: checkpoint {str(self.checkpoint)!r} got weights of another network, '
                f'expected those of {self.homepage}. {error}'
            ) from error
        self.is_loaded = True

    def forward(self, inputs: Tensor) -> Any:
        """The network's answer. Gradients reach the inputs, never the weights."""
        self.init_weights()
        return self.network(inputs)

    def _apply(self, function: Callable[[Tensor], Tensor], recurse: bool = True) -> 'FrozenNetwork':
        self.network._apply(function, recurse)
        return super()._apply(function, recurse)

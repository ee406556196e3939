"""Export a SimCC student as ONNX and compare it with onnxruntime."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmpose_ext.apis.export_student import load_student
from mmpose_ext.apis.stock_config import model_skeleton, output_indices
from mmpose_ext.skeletons import Skeleton, get_skeleton

_INSTALL = "pip install 'onnx>=1.16' 'onnxruntime>=1.18'"
_BATCH_SIZES = (1, 3)


class SimCCNetwork(nn.Module):
    """Images to SimCC vectors, without the data samples around them.

    Args:
        model: A top-down estimator with a SimCC head.
        indices: Channels to return, in this order; all by default.
    """

    def __init__(self, model: nn.Module, indices: Sequence[int] | None = None) -> None:
        super().__init__()
        self.model = model
        self.indices = None if indices is None else list(indices)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Run the network.

        Args:
            images: Normalised RGB crops in shape (B, 3, H, W).

        Returns:
            Two tensors of logits: (B, K, W * split) and (B, K, H * split).
        """
        simcc_x, simcc_y = self.model.head(self.model.extract_feat(images))
        if self.indices is not None:
            simcc_x, simcc_y = simcc_x[:, self.indices], simcc_y[:, self.indices]
        return simcc_x, simcc_y


def export_onnx(
    config: str | Path | Config,
    checkpoint: str | Path,
    out_file: str | Path,
    view: str | Skeleton | None = None,
    opset: int = 17,
    tolerance: float = 1e-3,
) -> float:
    """Write a student as ONNX in the layout MMDeploy and rtmlib use for RTMPose.

    The input ``input`` is (B, 3, H, W), normalised with the mean and deviation of the config; the
    outputs are ``simcc_x`` and ``simcc_y``; the batch size is free.

    Args:
        config: Config of the trained model, or its file.
        checkpoint: Checkpoint of the training.
        out_file: The file to write.
        view: Skeleton of the keypoints to return; what the model predicts by default.
        opset: ONNX operator set.
        tolerance: Largest difference from PyTorch, as a fraction of the largest logit.

    Returns:
        The largest difference found, as a fraction of the largest logit.

    Raises:
        ImportError: If onnx or onnxruntime is missing.
        ValueError: If the head is no SimCC head, or the difference is above the tolerance; the
            file is removed then.
    """
    _require_onnx()
    if not isinstance(config, Config):
        config = Config.fromfile(config)
    skeleton = model_skeleton(config)
    model, _, _ = load_student(config, checkpoint)
    if not (hasattr(model.head, 'cls_x') and hasattr(model.head, 'cls_y')):
        raise ValueError(
            f'model.head: got {type(model.head).__name__}, expected a SimCC head such as RTMCCHead'
        )
    indices = None if view is None else output_indices(skeleton, get_skeleton(view))
    network = SimCCNetwork(model, indices).eval()

    width, height = model.head.input_size
    generator = torch.Generator().manual_seed(0)
    batches = [torch.randn(size, 3, height, width, generator=generator) for size in _BATCH_SIZES]
    out_file = Path(out_file)
    out_file.parent.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        # The TorchScript exporter, because the other one needs onnxscript as well.
        torch.onnx.export(
            network,
            (batches[0],),
            str(out_file),
            dynamo=False,
            opset_version=opset,
            input_names=['input'],
            output_names=['simcc_x', 'simcc_y'],
            dynamic_axes={name: {0: 'batch'} for name in ('input', 'simcc_x', 'simcc_y')},
        )
    difference = _largest_difference(network, out_file, batches)
    if not difference <= tolerance:
        out_file.unlink()
        raise ValueError(
            f'{out_file}: onnxruntime differs from PyTorch by {difference:.2e} of the largest '
            f'logit, expected at most {tolerance:.2e}'
        )
    return difference


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise ImportError(f'ONNX export needs onnx and onnxruntime: {_INSTALL}') from error


def _largest_difference(network: nn.Module, file: Path, batches: Sequence[Tensor]) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=['CPUExecutionProvider'])
    worst = 0.0
    for images in batches:
        with torch.no_grad():
            expected = [output.numpy() for output in network(images)]
        found = session.run(['simcc_x', 'simcc_y'], {'input': images.numpy()})
        for one, other in zip(found, expected, strict=True):
            worst = max(worst, float(np.abs(one - other).max() / np.abs(other).max()))
    return worst

from mmengine.model import BaseModel
from mmengine.structures import PixelData
from mmpose.utils.typing import OptConfigType, OptMultiConfig, SampleList
from torch import Tensor

from mmpose_ext.models.edge_sources.unet import UNet
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class SMPLEdgeEstimator(BaseModel):
    """SMPL edge estimator (SEE): a U-Net that draws the SMPL edges of an image.

    Section 5 of the supplement of `SEFD
    <https://github.com/YangChangHee/ICCV2023_SEFD_RELEASE>`_. It is trained as a model of its own,
    and used afterwards through :class:`UNetEdge`. The paper's parameter count belongs to one
    decoder, as here; the released code has a second one, for a segmentation that nothing uses.

    Args:
        width: Channels at full resolution.
        l1_weight: Factor of the mean absolute error.
        perceptual: Config of the perceptual loss, ``mmpose_ext.PerceptualLoss`` with the file of
            its weights; without it, the absolute error alone is trained.
        perceptual_weight: Factor of the perceptual loss.
        data_preprocessor: Config of what turns the batch into RGB images in 0..1.
        init_cfg: Initialization; by default PyTorch's own.
    """

    def __init__(
        self,
        width: int = 64,
        l1_weight: float = 0.2,
        perceptual: OptConfigType = None,
        perceptual_weight: float = 0.8,
        data_preprocessor: OptConfigType = None,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.unet = UNet(width)
        self.perceptual = None if perceptual is None else MODELS.build(perceptual)
        self.l1_weight, self.perceptual_weight = l1_weight, perceptual_weight

    def forward(
        self,
        inputs: dict[str, Tensor],
        data_samples: SampleList | None = None,
        mode: str = 'tensor',
    ) -> Tensor | dict[str, Tensor] | SampleList:
        """Answer MMEngine's runner.

        Args:
            inputs: ``img`` RGB ``(B, 3, H, W)`` in 0..1, and for losses ``edge`` ``(B, 1, H, W)``
                in 0..1, the SMPL edges to draw.
            data_samples: A sample per image, for predictions.
            mode: ``'tensor'``, ``'loss'`` or ``'predict'``.

        Returns:
            The edge maps ``(B, 1, H, W)``, the losses, or the samples with ``pred_fields.edge``.

        Raises:
            ValueError: If the mode is unknown.
        """
        if mode == 'tensor':
            return self.unet(inputs['img'])
        if mode == 'loss':
            return self.loss(inputs)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise ValueError(f"mode got {mode!r}, expected 'tensor', 'loss' or 'predict'")

    def loss(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Compare the drawn edges with those of the body model.

        Args:
            inputs: See :meth:`forward`.

        Returns:
            ``loss_l1`` and ``loss_perceptual``, weighted.

        Raises:
            ValueError: If the samples have no edges, or edges outside 0..1.
        """
        if 'edge' not in inputs:
            raise ValueError(
                f"inputs got {sorted(inputs)}, expected 'edge' as well: add RenderSMPLEdge or "
                'LoadEdgeMap to the pipeline'
            )
        target = inputs['edge']
        least, greatest = target.aminmax()
        if least < 0 or greatest > 1:
            raise ValueError(
                f'edge got values from {least.item():g} to {greatest.item():g}, expected 0 to 1: '
                "render them with values='binary'"
            )
        edges = self.unet(inputs['img'])
        losses = dict(loss_l1=self.l1_weight * (edges - target).abs().mean())
        if self.perceptual is not None:
            losses['loss_perceptual'] = self.perceptual_weight * self.perceptual(edges, target)
        return losses

    def predict(self, inputs: dict[str, Tensor], data_samples: SampleList) -> SampleList:
        """Draw edges: each sample gets ``pred_fields.edge`` ``(1, H, W)`` in 0..1."""
        for sample, edges in zip(data_samples, self.unet(inputs['img'])):
            sample.pred_fields = PixelData(edge=edges)
        return data_samples

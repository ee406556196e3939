import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from mmpose.utils.typing import ConfigType, OptMultiConfig, OptSampleList, SampleList
from torch import Tensor

from mmpose_ext.models.heads.ocr_head import OCRLogits
from mmpose_ext.registry import MODELS

Inputs = dict[str, Tensor]

FOREGROUND = 1
"""The class of the person; 0 is the background."""


@MODELS.register_module()
class ForegroundSegmentor(BaseModel):
    """Separates the person of a crop from what is behind: HRNet with an OCR head, two classes.

    Args:
        backbone: Gives maps of several sizes, finest first; MMPose's ``HRNet`` with
            ``extra.stage4.multiscale_output=True``.
        head: See :class:`OCRHead`.
        loss: See :class:`SoftIoULoss`.
        coarse_weight: Weight of the loss of the head's coarse scores.
        size_divisor: Images are padded, right and below, to a multiple of this: MMPose's ``HRNet``
            adds maps of strides up to 32, whose sizes must agree. 520 is no such multiple.
        data_preprocessor: See :class:`MeshDataPreprocessor`.
        init_cfg: Initialization of the whole.
    """

    def __init__(
        self,
        backbone: ConfigType,
        head: ConfigType,
        loss: ConfigType = dict(type='mmpose_ext.SoftIoULoss'),  # noqa: B006
        coarse_weight: float = 0.4,
        size_divisor: int = 32,
        data_preprocessor: ConfigType = dict(type='mmpose_ext.MeshDataPreprocessor'),  # noqa: B006
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(MODELS.build(data_preprocessor), init_cfg)
        self.backbone = MODELS.build(backbone)
        self.head = MODELS.build(head)
        self.loss_module = MODELS.build(loss)
        self.coarse_weight = coarse_weight
        self.size_divisor = size_divisor

    def forward(
        self, inputs: Inputs | Tensor, data_samples: OptSampleList = None, mode: str = 'tensor'
    ) -> OCRLogits | dict[str, Tensor] | SampleList:
        """What MMEngine's runner calls.

        Args:
            inputs: ``img``, normalized images ``(B, 3, H, W)``, or these alone.
            data_samples: Labels, see :meth:`loss`.
            mode: ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            What :meth:`loss` or :meth:`predict` returns, or the scores at the finest map's size.

        Raises:
            ValueError: If the mode is another.
        """
        images = inputs if isinstance(inputs, Tensor) else inputs['img']
        if mode == 'loss':
            return self.loss(images, data_samples)
        if mode == 'predict':
            return self.predict(images, data_samples)
        if mode == 'tensor':
            return self.scores(images)
        raise ValueError(f"mode got {mode!r}, expected 'loss', 'predict' or 'tensor'")

    def scores(self, images: Tensor) -> OCRLogits:
        """Classify pixels.

        Args:
            images: ``(B, 3, H, W)``.

        Returns:
            Scores at the size of the finest map.

        Raises:
            ValueError: If the images' sides are no multiples of the finest map's stride.
        """
        sides = images.shape[-2:]
        extra = [-side % self.size_divisor for side in sides]
        logits = self.head(self.backbone(F.pad(images, (0, extra[1], 0, extra[0]))))
        if not any(extra):
            return logits
        rows, columns = (
            count * side / (side + more)
            for count, side, more in zip(logits.fine.shape[-2:], sides, extra)
        )
        if rows % 1 or columns % 1:
            raise ValueError(
                f'images got height and width {tuple(sides)}, expected multiples of the stride of '
                'the finest map'
            )
        return OCRLogits(*(scores[..., : int(rows), : int(columns)] for scores in logits))

    def loss(self, images: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Calculate losses.

        Args:
            images: ``(B, 3, H, W)``.
            data_samples: With ``gt_fields.foreground`` ``(1, H, W)``: 1 on the person, 0 elsewhere,
                255 where nothing is known.

        Returns:
            ``loss_iou`` and ``loss_coarse``.
        """
        logits = self.scores(images)
        target = torch.cat(
            [torch.as_tensor(sample.gt_fields.foreground) for sample in data_samples]
        ).to(images.device)
        with torch.autocast(images.device.type, enabled=False):
            fine, coarse = (_resize(scores.float(), target.shape[-2:]) for scores in logits[::-1])
            return dict(
                loss_iou=self.loss_module(fine, target),
                loss_coarse=self.coarse_weight * self.loss_module(coarse, target),
            )

    @torch.no_grad()
    def predict(self, images: Tensor, data_samples: SampleList) -> SampleList:
        """Find the person.

        Args:
            images: ``(B, 3, H, W)``.
            data_samples: One per image.

        Returns:
            The samples with ``pred_fields.foreground``, the probability ``(1, H, W)`` float32 of
            each pixel of the input.
        """
        logits = self.scores(images)
        found = foreground_probability(logits, images.shape[-2:]).cpu()
        for sample, probability in zip(data_samples, found):
            sample.pred_fields = PixelData(foreground=probability)
        return data_samples


def foreground_probability(logits: OCRLogits, size: tuple[int, int]) -> Tensor:
    """The probability of the person.

    Args:
        logits: Scores of two classes.
        size: Height and width to bring them to.

    Returns:
        ``(B, 1, *size)`` float32.
    """
    scores = _resize(logits.fine.float(), size)
    return scores.softmax(dim=1)[:, [FOREGROUND]]


def _resize(scores: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(scores, size, mode='bilinear', align_corners=False)

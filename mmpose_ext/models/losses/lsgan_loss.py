from torch import Tensor, nn

from mmpose_ext.registry import MODELS


@MODELS.register_module()
class LSGANLoss(nn.Module):
    """Least squares instead of logarithms for adversarial training (Mao et al., ICCV 2017).

    Args:
        generator_weight: Factor of the generator's loss.
        discriminator_weight: Factor of the discriminator's loss. The defaults are VIBE's.
    """

    def __init__(self, generator_weight: float = 0.5, discriminator_weight: float = 0.5) -> None:
        super().__init__()
        self.generator_weight = generator_weight
        self.discriminator_weight = discriminator_weight

    def generator(self, fake: Tensor) -> Tensor:
        """How far scores of predictions are from one.

        Args:
            fake: Any shape.
        """
        return self.generator_weight * (fake.float() - 1).square().mean()

    def discriminator(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """How far scores of captured data are from one, and those of predictions from zero.

        Args:
            real: Any shape.
            fake: Any shape.

        Returns:
            ``loss_discriminator_real`` and ``loss_discriminator_fake``.
        """
        return dict(
            loss_discriminator_real=self.discriminator_weight * (real.float() - 1).square().mean(),
            loss_discriminator_fake=self.discriminator_weight * fake.float().square().mean(),
        )

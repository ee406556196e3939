from torch import Tensor, nn

from mmpose_ext.geometry import rotation_6d_to_matrix
from mmpose_ext.registry import MODELS

_BODY_JOINTS = 21


@MODELS.register_module()
class Rot6DPrior(nn.Module):
    """Every joint's rotation for itself, without a licence and without a bottleneck.

    The latent vector holds what is added to the first two columns of each joint's identity matrix,
    so that a head that starts near zero starts near the rest pose. What poses are likely is learned
    by the head, from the poses it is trained with.
    """

    latent_dim = 6 * _BODY_JOINTS

    def decode(self, latent: Tensor) -> Tensor:
        """Turn latent vectors into rotations.

        Args:
            latent: ``(B, 126)``.

        Returns:
            Rotation matrices of SMPL's joints 1 to 21, ``(B, 21, 3, 3)``.
        """
        offsets = latent.reshape(-1, _BODY_JOINTS, 6)
        return rotation_6d_to_matrix(offsets + offsets.new_tensor([1, 0, 0, 0, 1, 0]))

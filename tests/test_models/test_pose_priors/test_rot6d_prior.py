import torch

from mmpose_ext.models.pose_priors import Rot6DPrior


def test_zero_is_the_rest_pose() -> None:
    rotations = Rot6DPrior().decode(torch.zeros(2, 126))
    assert torch.equal(rotations, torch.eye(3).expand(2, 21, 3, 3))


def test_anything_else_is_a_rotation_and_differentiable() -> None:
    torch.manual_seed(0)
    latent = torch.randn(8, 126, dtype=torch.float64, requires_grad=True)
    rotations = Rot6DPrior().decode(latent)
    product = rotations @ rotations.transpose(-1, -2)
    torch.testing.assert_close(product, torch.eye(3).double().expand_as(product))
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(8, 21).double())
    rotations[..., 0].sum().backward()
    assert latent.grad.isfinite().all()
    assert latent.grad.any()


def test_a_small_offset_of_the_second_column_turns_about_x() -> None:
    latent = torch.zeros(1, 126)
    latent[0, 6 * 3 + 5] = torch.tan(torch.tensor(0.3))
    cosine, sine = torch.cos(torch.tensor(0.3)), torch.sin(torch.tensor(0.3))
    expected = torch.tensor([[1.0, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    torch.testing.assert_close(Rot6DPrior().decode(latent)[0, 3], expected)

from pathlib import Path

import pytest
import torch
from torch import Tensor

from mmpose_ext.models.pose_priors import VPoserDecoder


@pytest.fixture(scope='module')
def weights() -> dict[str, Tensor]:
    """Random tensors under the names of VPoser's own file, the encoder's among them."""
    generator = torch.Generator().manual_seed(0)
    shapes = {
        'bodyprior_enc_fc1.weight': (512, 63),
        'bodyprior_dec_fc1.weight': (512, 32),
        'bodyprior_dec_fc1.bias': (512,),
        'bodyprior_dec_fc2.weight': (512, 512),
        'bodyprior_dec_fc2.bias': (512,),
        'bodyprior_dec_out.weight': (126, 512),
        'bodyprior_dec_out.bias': (126,),
    }
    return {key: torch.randn(shape, generator=generator) * 0.05 for key, shape in shapes.items()}


def expected_rotations(weights: dict[str, Tensor], latent: Tensor) -> Tensor:
    def linear(name: str, values: Tensor) -> Tensor:
        weight, bias = (weights[f'bodyprior_dec_{name}.{kind}'] for kind in ('weight', 'bias'))
        return values @ weight.T + bias

    def leaky(values: Tensor) -> Tensor:
        return torch.where(values > 0, values, 0.2 * values)

    columns = linear('out', leaky(linear('fc2', leaky(linear('fc1', latent))))).view(-1, 21, 3, 2)
    first = columns[..., 0] / columns[..., 0].norm(dim=-1, keepdim=True)
    second = columns[..., 1] - (first * columns[..., 1]).sum(-1, keepdim=True) * first
    second = second / second.norm(dim=-1, keepdim=True)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)


@pytest.mark.parametrize('kind', ['vposer', 'snapshot'])
def test_it_decodes_with_the_users_weights(
    weights: dict[str, Tensor], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / 'file.pt'
    content: dict = weights
    if kind == 'snapshot':
        content = dict(network={f'module.vposer.vposer.{k}': v for k, v in weights.items()})
    torch.save(content, path)
    decoder = VPoserDecoder(path)
    latent = torch.randn(3, 32)
    expected = expected_rotations(weights, latent)
    torch.testing.assert_close(decoder.decode(latent), expected, rtol=1e-4, atol=1e-5)
    assert torch.equal(decoder.train().decode(latent), decoder.eval().decode(latent))
    assert not any(parameter.requires_grad for parameter in decoder.parameters())


def test_the_latent_vector_gets_a_gradient(weights: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(weights, tmp_path / 'vposer.pt')
    latent = torch.randn(3, 32, requires_grad=True)
    VPoserDecoder(tmp_path / 'vposer.pt').decode(latent)[..., 0].sum().backward()
    assert latent.grad.any()


def test_without_weights_it_does_not_answer() -> None:
    decoder = VPoserDecoder()
    with pytest.raises(ValueError, match='got no weights.*smpl-x.is.tue.mpg.de'):
        decoder.decode(torch.zeros(1, 32))
    decoder.load_state_dict({key: value + 0.1 for key, value in decoder.state_dict().items()})
    assert decoder.decode(torch.zeros(1, 32)).shape == (1, 21, 3, 3)


def test_a_whole_model_is_loaded_without_the_file(tmp_path: Path) -> None:
    trained = VPoserDecoder().state_dict()
    decoder = VPoserDecoder(tmp_path / 'vposer.pt')
    decoder.load_state_dict(trained)
    assert decoder.decode(torch.zeros(1, 32)).shape == (1, 21, 3, 3)


def test_a_missing_file_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='vposer.pt.*smpl-x.is.tue.mpg.de'):
        VPoserDecoder(tmp_path / 'vposer.pt').init_weights()


def test_another_model_is_refused(weights: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / 'other.pt'
    torch.save({'decoder_net.0.weight': torch.zeros(2)}, path)
    with pytest.raises(ValueError, match='other.pt got no keys under bodyprior_dec_'):
        VPoserDecoder(path).init_weights()


class Poison:
    """Creates a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


def test_code_in_a_file_does_not_run(tmp_path: Path) -> None:
    target, path = tmp_path / 'ran', tmp_path / 'poisoned.pt'
    torch.save(dict(weights=Poison(target)), path)
    with pytest.raises(ValueError, match="poisoned.pt' got refused"):
        VPoserDecoder(path).init_weights()
    assert not target.exists()

import pytest
import torch
from torchvision.models import vgg

from mmpose_ext.models.losses import PerceptualLoss


@pytest.fixture(scope='module')
def vgg_features():
    """The convolutions of torchvision's VGG16, with random weights."""
    torch.manual_seed(0)
    return vgg.make_layers(vgg.cfgs['D'])


@pytest.fixture
def checkpoint(tmp_path, vgg_features):
    """A file as torchvision publishes it, with the classifier made small."""
    weights = {f'features.{name}': value for name, value in vgg_features.state_dict().items()}
    weights |= {'classifier.0.weight': torch.zeros(2, 2), 'classifier.6.bias': torch.zeros(2)}
    path = tmp_path / 'vgg16.pth'
    torch.save(weights, path)
    return str(path)


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.rand(3, 1, 32, 24, generator=generator) for _ in range(2))


def definition(features, pred, target, layers):
    """Mean absolute difference of each image's features after the ReLUs of given positions."""
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    a, b = ((image.expand(-1, 3, -1, -1) - mean) / std for image in (pred, target))
    total = torch.zeros(len(pred))
    for position, layer in enumerate(features[: layers[-1] + 1]):
        a, b = layer(a), layer(b)
        if position in layers:
            total += (a - b).abs().mean((1, 2, 3))
    return total


@pytest.mark.parametrize(
    ('stages', 'layers'),
    # relu1_2, relu2_2, relu3_3, relu4_3 and relu5_3 of torchvision's Sequential.
    [((1, 2, 3, 4), (3, 8, 15, 22)), ((2,), (8,)), ((1, 5), (3, 29))],
)
def test_equals_the_definition_on_torchvisions_layers(
    checkpoint, vgg_features, pair, stages, layers
):
    loss = PerceptualLoss(checkpoint, stages=stages)
    with torch.no_grad():
        expected = definition(vgg_features, *pair, layers)
        torch.testing.assert_close(loss(*pair), expected.mean())
        weight = torch.tensor([1.0, 0.0, 3.0])
        torch.testing.assert_close(loss(*pair, weight), (expected * weight).sum() / 4)
        colour = [image.expand(-1, 3, -1, -1) for image in pair]
        torch.testing.assert_close(loss(*colour), expected.mean())
        assert loss(*pair, torch.zeros(3)) == 0


def test_is_zero_for_the_same_image_and_teaches_the_prediction_only(checkpoint, pair):
    loss = PerceptualLoss(checkpoint)
    assert loss(pair[0], pair[0].clone()) == 0
    pred, target = (image.requires_grad_() for image in pair)
    loss(pred, target).backward()
    assert pred.grad.abs().sum() > 0 and target.grad is None
    assert not list(loss.parameters()) and not loss.state_dict()


def test_missing_weights_say_where_they_are_published():
    with pytest.raises(ValueError, match='PerceptualLoss: checkpoint got None.*vgg16-397923af'):
        PerceptualLoss()


def test_incomplete_weights_are_listed(tmp_path, checkpoint):
    weights = torch.load(checkpoint)
    del weights['features.7.weight']
    torch.save(weights, tmp_path / 'half.pth')
    with pytest.raises(ValueError, match=r'Missing key\(s\).*"features.7.weight"'):
        PerceptualLoss(tmp_path / 'half.pth').init_weights()


@pytest.mark.parametrize('stages', [(), (0, 1), (2, 1), (1, 1), (6,)])
def test_unknown_stages_are_refused(stages):
    with pytest.raises(ValueError, match='expected ascending numbers from 1 to 5'):
        PerceptualLoss(init='random', stages=stages)


def test_images_must_agree():
    loss = PerceptualLoss(init='random', stages=(1,))
    with pytest.raises(ValueError, match='got shapes'):
        loss(torch.zeros(1, 1, 8, 8), torch.zeros(1, 3, 8, 8))

"""What all detectors inside a model have in common."""

import copy

import cv2
import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from torch import nn

from mmpose_ext.models import HEDEdge, PiDiNetEdge, RCFEdge, UNetEdge
from mmpose_ext.registry import MODELS

SMALL = dict(type='mmpose_ext.PiDiNetEdge', init='random', width=5)


class Estimator(BaseModel):
    """A model with an edge source and one parameter of its own."""

    def __init__(self, edge):
        super().__init__()
        self.edge = MODELS.build(edge)
        self.own = nn.Linear(1, 1)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return self.edge(inputs)


@pytest.fixture
def images():
    return torch.rand(2, 3, 24, 17)


def test_a_model_has_nothing_of_its_source(images):
    model = Estimator(SMALL)
    assert {name.split('.')[0] for name, _ in model.named_parameters()} == {'own'}
    assert {name.split('.')[0] for name in model.state_dict()} == {'own'}
    assert not list(model.edge.buffers())


def test_training_leaves_the_source_frozen(images):
    """With U-Net's batch norms, which would use and move the batch's statistics."""
    model = Estimator(dict(type='mmpose_ext.UNetEdge', init='random', width=2))
    network = model.edge.detector.network
    before = copy.deepcopy(network.state_dict())
    expected = model.eval()(images)
    found = model.train()(images.requires_grad_())
    torch.testing.assert_close(found, expected)
    assert not found.requires_grad and not network.training
    assert all(not parameter.requires_grad for parameter in network.parameters())
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize('dilation', [3, 9])
def test_dilation_comes_after_detection(images, dilation):
    source = MODELS.build(SMALL)
    thin = source(images)[:, 0].numpy()
    source.dilation = dilation
    for found, edges in zip(source(images)[:, 0].numpy(), thin):
        np.testing.assert_array_equal(found, cv2.dilate(edges, np.ones((dilation, dilation))))


@pytest.mark.parametrize('source', [HEDEdge, RCFEdge, PiDiNetEdge, UNetEdge])
@pytest.mark.parametrize('size', [(16, 16), (37, 50)])
def test_any_size_of_image_gives_a_map_of_its_size_in_0_to_1(source, size):
    edges = source(init='random')(torch.rand(1, 3, *size))
    assert edges.shape == (1, 1, *size)
    assert edges.dtype == torch.float32 and edges.min() >= 0 and edges.max() <= 1


def test_source_follows_its_models_precision_and_keeps_the_images(images):
    model = Estimator(SMALL).double()
    assert model(images.double()).dtype == torch.float64
    assert next(model.edge.detector.network.parameters()).dtype == torch.float64


def test_a_copy_is_independent(images):
    source = MODELS.build(SMALL)
    expected = source(images)
    copy.deepcopy(source).double()
    torch.testing.assert_close(source(images), expected)


def test_weights_are_read_before_training_or_with_the_first_image(tmp_path, images):
    reference = PiDiNetEdge(init='random', width=5)
    path = tmp_path / 'edges.pth'
    torch.save(reference.detector.network.state_dict(), path)
    model = Estimator(dict(type='mmpose_ext.PiDiNetEdge', checkpoint=str(path), width=5))
    assert not model.edge.detector.is_loaded
    model.init_weights()
    assert model.edge.detector.is_loaded
    torch.testing.assert_close(model(images), reference(images))
    torch.testing.assert_close(PiDiNetEdge(path, width=5)(images), reference(images))


@pytest.mark.parametrize(
    ('source', 'address'),
    [
        (HEDEdge, 'sniklaus/pytorch-hed'),
        (RCFEdge, 'meteorshowers/RCF-pytorch'),
        (PiDiNetEdge, 'hellozhuo/pidinet'),
        (UNetEdge, 'mmpose_ext.SMPLEdgeEstimator'),
    ],
)
def test_missing_weights_say_where_they_are_published(tmp_path, source, address):
    with pytest.raises(ValueError, match=f'{source.__name__}: checkpoint got None.*{address}'):
        source()
    with pytest.raises(FileNotFoundError, match=f'expected an existing file.*{address}'):
        source(tmp_path / 'none.pth').init_weights()


def test_weights_of_another_network_are_listed(tmp_path, random_weights):
    path = tmp_path / 'wrong.pth'
    weights = random_weights('pidinet_tiny')
    weights['extra.weight'] = weights.pop('block1_2.conv1.weight')
    weights['classifier.bias'] = torch.zeros(3)
    torch.save(weights, path)
    with pytest.raises(ValueError, match='got weights of another network') as error:
        PiDiNetEdge(path, width=20).init_weights()
    for part in ('"block1_2.conv1.weight"', '"extra.weight"', 'classifier.bias'):
        assert part in str(error.value)


def test_damaged_hostile_and_foreign_files_are_refused(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (tmp_path.joinpath('owned').mkdir, ())

    damaged, hostile, foreign = (tmp_path / f'{name}.pth' for name in 'abc')
    damaged.write_bytes(b'no weights')
    torch.save(dict(state_dict=Hostile()), hostile)
    torch.save([1, 2], foreign)
    for path, message in (
        (damaged, 'got refused'),
        (hostile, 'got refused'),
        (foreign, 'got a list, expected weights by name'),
    ):
        with pytest.raises(ValueError, match=message):
            PiDiNetEdge(path).init_weights()
    assert not (tmp_path / 'owned').exists()


def test_options_are_checked():
    with pytest.raises(ValueError, match='dilation got 4'):
        HEDEdge(init='random', dilation=4)
    with pytest.raises(ValueError, match="preprocessing got 'rgb'"):
        RCFEdge(init='random', preprocessing='rgb')
    with pytest.raises(ValueError, match="init got 'zeros'"):
        PiDiNetEdge(init='zeros')
    with pytest.raises(ValueError, match="init got 'random' beside checkpoint 'x.pth'"):
        PiDiNetEdge('x.pth', init='random')


@pytest.mark.parametrize('shape', [(1, 1, 32, 32), (3, 32, 32), (1, 3, 15, 32)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r'expected \(B, 3, H, W\) with sides of 16'):
        MODELS.build(SMALL)(torch.zeros(shape))

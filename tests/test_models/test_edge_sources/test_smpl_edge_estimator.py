import pytest
import torch
from mmengine.optim import OptimWrapper
from mmpose.structures import PoseDataSample
from torch import nn

from mmpose_ext.models import SMPLEdgeEstimator, UNetEdge
from mmpose_ext.models.edge_sources.unet import UNet
from mmpose_ext.registry import MODELS

PERCEPTUAL = dict(type='mmpose_ext.PerceptualLoss', init='random', stages=(1,))


def squares(number=2, side=24):
    """Images of a bright square on a dark ground, and the square's outline."""
    images = torch.rand(number, 3, side, side, generator=torch.Generator().manual_seed(0)) * 0.2
    edges = torch.zeros(number, 1, side, side)
    for i in range(number):
        first, last = 3 + i, 15 + 4 * i
        images[i, :, first:last, first:last] += 0.7
        edges[i, :, first:last, first:last] = 1
        edges[i, :, first + 1 : last - 1, first + 1 : last - 1] = 0
    return dict(img=images, edge=edges)


def estimator(**options):
    torch.manual_seed(0)
    config = dict(type='mmpose_ext.SMPLEdgeEstimator', width=4)
    return MODELS.build(config | options)


def test_number_of_parameters_is_the_papers():
    """Supplement, Table 2: 61.2 M with SEE, 30.2 M without."""
    widths = [64, 128, 256, 512, 1024]
    encoder = sum(9 * w * (a + w) + 4 * w for a, w in zip([3, *widths], widths))
    upsampling = sum(4 * 2 * w * w + w for w in widths[:-1])
    decoder = sum(9 * w * (2 * w + w) + 4 * w for w in widths[:-1])
    with torch.device('meta'):
        network = UNet()
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == encoder + upsampling + decoder + 64 + 1
    assert round(count / 1e6, 1) == round(61.2 - 30.2, 1)


def test_number_of_multiplications_is_the_papers():
    """Supplement, Table 2: 111.1 G with SEE, 56.4 G without, for an image of 256 x 256.

    It counts transposed convolutions as the usual tools do: the kernel's whole area for each value.
    """
    operations = []

    def count(layer, inputs, output):
        area = layer.kernel_size[0] * layer.kernel_size[1]
        operations.append(layer.in_channels * area * output.numel())

    with torch.device('meta'):
        network = UNet()
        for layer in network.modules():
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                layer.register_forward_hook(count)
        network(torch.zeros(1, 3, 256, 256))
    assert sum(operations) / 1e9 == pytest.approx(111.1 - 56.4, abs=0.1)


@pytest.mark.parametrize('perceptual', [None, PERCEPTUAL])
def test_it_learns_to_draw_outlines(perceptual):
    model = estimator(perceptual=perceptual)
    optimizer = OptimWrapper(torch.optim.Adam(model.parameters(), lr=5e-3))
    totals = [
        model.train_step(dict(inputs=squares(), data_samples=None), optimizer)['loss'].item()
        for _ in range(50)
    ]
    assert totals[-1] < 0.6 * totals[0]
    inputs = squares()
    with torch.no_grad():
        edges = model(inputs)
    on = inputs['edge'] == 1
    assert edges[on].mean() > 2 * edges[~on].mean()


def test_it_trains_on_packed_samples():
    """As the pipeline packs them, BGR in 0..255; the network sees RGB in 0..1."""
    model = estimator(data_preprocessor=dict(type='mmpose_ext.MeshDataPreprocessor'))
    batch = squares()
    packed = dict(
        img=[(image.flip(0) * 255).to(torch.uint8) for image in batch['img']],
        edge=list(batch['edge']),
    )
    seen = []
    model.unet.register_forward_pre_hook(lambda network, inputs: seen.append(inputs[0]))
    optimizer = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    model.train_step(dict(inputs=packed, data_samples=None), optimizer)
    torch.testing.assert_close(seen[0], batch['img'], atol=1 / 255, rtol=0)


def test_losses_are_weighted_as_in_the_paper():
    model = estimator(perceptual=PERCEPTUAL)
    inputs = squares()
    losses = model(inputs, mode='loss')
    edges = model(inputs)
    torch.testing.assert_close(
        losses['loss_l1'], 0.2 * nn.functional.l1_loss(edges, inputs['edge'])
    )
    torch.testing.assert_close(
        losses['loss_perceptual'], 0.8 * model.perceptual(edges, inputs['edge'])
    )
    total, _ = model.parse_losses(losses)
    torch.testing.assert_close(total, losses['loss_l1'] + losses['loss_perceptual'])


def test_checkpoints_hold_the_unet_alone():
    model = estimator(perceptual=PERCEPTUAL)
    assert {name.split('.')[0] for name in model.state_dict()} == {'unet'}
    assert len(list(model.parameters())) == len(list(model.unet.parameters()))


def test_a_trained_estimator_becomes_an_edge_source(tmp_path):
    model = estimator(perceptual=PERCEPTUAL)
    inputs = squares()
    model(inputs)  # moves the statistics of the batch norms
    path = tmp_path / 'epoch_1.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    source = UNetEdge(str(path), width=4)
    with torch.no_grad():
        torch.testing.assert_close(source(inputs['img']), model.eval()(inputs))
    with pytest.raises(ValueError, match='size mismatch'):
        UNetEdge(str(path), width=8).init_weights()


def test_predictions_go_into_the_samples():
    model = estimator().eval()
    samples = [PoseDataSample() for _ in range(2)]
    with torch.no_grad():
        expected = model(squares())
        predicted = model(squares(), samples, mode='predict')
    for sample, edges in zip(predicted, expected):
        torch.testing.assert_close(sample.pred_fields.edge, edges)


def test_the_released_file_fits_with_the_decoder_for_edges(tmp_path):
    """Its names and shapes, from the published layers; the other decoder is left out."""
    widths = [64, 128, 256, 512, 1024]
    names = {}

    def double_convolution(theirs, ours):
        for position, kind in ((0, 'c'), (1, 'n'), (3, 'c'), (4, 'n')):
            parts = ('weight',)
            if kind == 'n':
                parts = ('weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked')
            for part in parts:
                names[f'{theirs}.double_conv.{position}.{part}'] = f'{ours}.{position}.{part}'

    double_convolution('inc', 'encoder.0')
    for level in range(1, 5):
        double_convolution(f'down{level}.maxpool_conv.1', f'encoder.{level}')
        double_convolution(f'up{level}_1.conv', f'decoder.{level - 1}')
        for part in ('weight', 'bias'):
            names[f'up{level}_1.up.{part}'] = f'upsampling.{level - 1}.{part}'
    names |= {f'outc_1.conv.{part}': f'output.{part}' for part in ('weight', 'bias')}
    reference = UNetEdge(init='random', width=4)
    state = reference.detector.network.state_dict()
    assert sorted(names.values()) == sorted(state)
    assert [state[f'encoder.{level}.0.weight'].shape[0] * 16 for level in range(5)] == widths
    weights = {theirs: state[ours] for theirs, ours in names.items()}
    for extra in ('up1_2.up.weight', 'up4_2.conv.double_conv.0.weight', 'outc_2.conv.bias'):
        weights[extra] = torch.zeros(3)
    weights['pose2feat.conv.0.weight'] = torch.zeros(64, 94, 3, 3)
    path = tmp_path / 'checkpoint_epoch64.pth'
    torch.save(weights, path)
    images = torch.rand(1, 3, 48, 40)
    torch.testing.assert_close(UNetEdge(str(path), width=4)(images), reference(images))


def test_edges_must_be_there_and_within_0_to_1():
    model = estimator()
    inputs = squares()
    with pytest.raises(ValueError, match=r"inputs got \['img'\], expected 'edge' as well"):
        model(dict(img=inputs['img']), mode='loss')
    inputs['edge'] *= 2
    with pytest.raises(ValueError, match=r'edge got values from 0 to 2, expected 0 to 1'):
        model(inputs, mode='loss')
    with pytest.raises(ValueError, match="mode got 'train'"):
        SMPLEdgeEstimator(width=1)(inputs, mode='train')

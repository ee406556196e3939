import pytest
import torch

from mmpose_ext.registry import MODELS


def build(**options):
    torch.manual_seed(0)
    config = dict(
        type='mmpose_ext.TCMREncoder', in_channels=16, hidden_channels=8, attention_channels=4
    )
    return MODELS.build(config | options)


@pytest.fixture
def clips():
    return torch.randn(3, 5, 16, generator=torch.Generator().manual_seed(1))


def silenced(encoder, *branches):
    """The encoder with answers of some branches only, equally weighted."""
    with torch.no_grad():
        for index, layer in enumerate(encoder.outputs):
            if index not in branches:
                layer.weight.zero_()
                layer.bias.zero_()
        encoder.attention[-1].weight.zero_()
        encoder.attention[-1].bias.zero_()
    return encoder


@pytest.mark.parametrize(
    ('branch', 'reached'),
    [(0, [0, 1, 2, 3, 4]), (1, [3, 4]), (2, [0, 1])],
    ids=['whole', 'past', 'future'],
)
def test_past_and_future_do_not_see_the_frame_itself(clips, branch, reached):
    encoder = silenced(build(), branch)
    changed = clips.clone()
    changed[:, 2] += 1
    moved = (encoder(changed) - encoder(clips)).abs().amax(dim=(0, 2)) > 1e-7
    assert moved.nonzero()[:, 0].tolist() == reached


def test_future_is_the_past_of_the_reversed_clip(clips):
    encoder = silenced(build(), 1, 2)
    encoder.future.load_state_dict(encoder.past.state_dict())
    encoder.outputs[2].load_state_dict(encoder.outputs[1].state_dict())
    torch.testing.assert_close(encoder(clips.flip(1)), encoder(clips).flip(1))


def test_result_is_a_weighted_mean_of_the_branches(clips):
    encoder = build()
    weights = []
    encoder.attention.register_forward_hook(lambda *call: weights.append(call[-1].softmax(-1)))
    with torch.no_grad():
        for index, layer in enumerate(encoder.outputs):
            layer.weight.zero_()
            layer.bias.fill_(float(index))
    expected = weights_of_bias = encoder(clips)[..., 0]
    torch.testing.assert_close(weights[0].sum(-1), torch.ones(3, 5))
    expected = weights[0][..., 1] + 2 * weights[0][..., 2]
    torch.testing.assert_close(weights_of_bias, expected)


def test_residual_is_an_option(clips):
    torch.testing.assert_close(build(residual=True)(clips), build()(clips) + clips)


def test_one_clip_of_one_frame_trains_every_parameter(clips):
    encoder = build()
    encoder(clips[:1, :1]).sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_features_of_another_backbone_are_a_clear_error(clips):
    with pytest.raises(ValueError, match=r'TCMREncoder got features of shape \(3, 5, 12\)'):
        build()(clips[..., :12])

import pytest
import torch

from mmpose_ext.registry import MODELS


def build(**options):
    torch.manual_seed(0)
    config = dict(type='mmpose_ext.TemporalGRUEncoder', in_channels=16, hidden_channels=8)
    return MODELS.build(config | options)


@pytest.fixture
def clips():
    return torch.randn(3, 5, 16, generator=torch.Generator().manual_seed(1))


def gru_by_hand(gru, inputs):
    """One direction of one layer, step by step (Cho et al., 2014)."""
    state, states = torch.zeros(len(inputs), gru.hidden_size), []
    for frame in inputs.unbind(1):
        reset_in, update_in, new_in = (frame @ gru.weight_ih_l0.T + gru.bias_ih_l0).chunk(3, -1)
        reset, update, new = (state @ gru.weight_hh_l0.T + gru.bias_hh_l0).chunk(3, -1)
        reset, update = torch.sigmoid(reset_in + reset), torch.sigmoid(update_in + update)
        state = (1 - update) * torch.tanh(new_in + reset * new) + update * state
        states.append(state)
    return torch.stack(states, 1)


def test_size_is_the_published_one():
    encoder = MODELS.build(dict(type='mmpose_ext.TemporalGRUEncoder'))
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 17_840_128


def test_recurrence_rectifier_linear_layer_and_residual(clips):
    encoder = build(num_layers=1)
    expected = encoder.linear(gru_by_hand(encoder.gru, clips).clamp(min=0))
    torch.testing.assert_close(encoder(clips), expected + clips)
    torch.testing.assert_close(build(num_layers=1, residual=False)(clips), expected)


@pytest.mark.parametrize('bidirectional', [False, True])
def test_only_both_directions_see_the_future(clips, bidirectional):
    encoder = build(bidirectional=bidirectional)
    changed = clips.clone()
    changed[:, 3] += 1
    moved = (encoder(changed) - encoder(clips)).abs().amax(dim=(0, 2)) > 0
    assert moved.tolist() == [bidirectional] * 3 + [True, True]


def test_one_clip_of_one_frame(clips):
    assert build(bidirectional=True)(clips[:1, :1]).shape == (1, 1, 16)


def test_features_of_another_backbone_are_a_clear_error(clips):
    with pytest.raises(ValueError, match=r'shape \(3, 5, 12\), expected \(B, T, 16\).*backbone'):
        build()(clips[..., :12])

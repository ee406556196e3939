import pytest
import torch

from mmpose_ext.registry import MODELS


def build(**options):
    torch.manual_seed(0)
    return MODELS.build(
        dict(type='mmpose_ext.MotionDiscriminator', hidden_channels=8, **options)
    ).eval()


@pytest.fixture
def motion():
    return torch.randn(3, 5, 69, generator=torch.Generator().manual_seed(1))


def test_size_is_the_published_one():
    discriminator = MODELS.build(dict(type='mmpose_ext.MotionDiscriminator'))
    assert sum(parameter.numel() for parameter in discriminator.parameters()) == 11_762_690


def test_score_is_of_the_weighted_mean_of_states(motion):
    discriminator = build()
    states = discriminator.gru(motion)[0]
    weights = []
    for own in states:
        values = own
        for linear in (discriminator.attention[i] for i in (0, 3, 6)):
            values = torch.tanh(linear(values))
        weights.append(torch.exp(values[:, 0]) / torch.exp(values[:, 0]).sum())
    expected = torch.stack([weight @ own for weight, own in zip(weights, states)])
    torch.testing.assert_close(discriminator(motion), discriminator.score(expected))
    torch.testing.assert_close(discriminator.weigh(states)[..., 0], torch.stack(weights))


@pytest.mark.parametrize(('clips', 'frames'), [(1, 1), (3, 1), (1, 5)])
def test_scores_keep_their_shape(motion, clips, frames):
    """The authors' code loses the axis of one clip, and fails for one frame."""
    scores = build()(motion[:clips, :frames])
    assert scores.shape == (clips, 1)
    torch.testing.assert_close(scores, build()(motion[:, :frames])[:clips])


def test_weighting_network_starts_as_published():
    for linear in (build().attention[i] for i in (0, 3, 6)):
        assert linear.weight.abs().max() <= 0.1
        assert (linear.bias == 0.01).all()


def test_other_motions_are_a_clear_error(motion):
    with pytest.raises(ValueError, match=r'motion got shape \(3, 5, 66\), expected \(B, T, 69\)'):
        build()(motion[..., :66])

import pytest
import torch
from mmpose.models.losses import KLDiscretLoss

from mmpose_ext.models.losses import ConditionalKeypointLoss, SimCCDistillationLoss


@pytest.fixture
def simcc() -> tuple:
    """Predictions, labels and weights: B=6, K=5, bins of x 12 and of y 16."""
    generator = torch.Generator().manual_seed(0)
    prediction, label = (
        tuple(torch.rand(6, 5, bins, generator=generator) for bins in (12, 16)) for _ in range(2)
    )
    weight = (torch.rand(6, 5, generator=generator) > 0.4).float() * 1.5
    return prediction, label, weight


def direct_divergence(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """The definition, bin by bin, in double precision."""
    p = (10 * prediction.double()).exp()
    q = (10 * label.double()).exp()
    p, q = p / p.sum(-1, keepdim=True), q / q.sum(-1, keepdim=True)
    return (q * (q / p).log()).sum(-1)


def direct_values(simcc: tuple) -> torch.Tensor:
    prediction, label, _ = simcc
    return sum(direct_divergence(p, q) for p, q in zip(prediction, label))


def test_batch_normalization_is_the_weighted_mean_of_nats(simcc: tuple) -> None:
    values, weight = direct_values(simcc), simcc[2].double()
    expected = (values * weight).sum() / weight.sum()
    torch.testing.assert_close(ConditionalKeypointLoss()(*simcc), expected.float())


def test_sample_normalization_counts_every_labelled_sample_once(simcc: tuple) -> None:
    prediction, label, weight = simcc
    weight[2] = 0
    values = direct_values(simcc)
    rows = [
        (values[i] * weight[i]).sum() / weight[i].sum() for i in range(6) if weight[i].sum() > 0
    ]
    loss = ConditionalKeypointLoss(normalization='sample')(prediction, label, weight)
    torch.testing.assert_close(loss, (sum(rows) / len(rows)).float())


def test_source_normalization_counts_every_source_once(simcc: tuple) -> None:
    prediction, label, weight = simcc
    sources = ['coco', 'coco', 'mpii', 'coco', 'coco', 'mpii']
    values = direct_values(simcc)
    means = []
    for name in ('coco', 'mpii'):
        rows = [i for i, source in enumerate(sources) if source == name]
        means.append((values[rows] * weight[rows]).sum() / weight[rows].sum())
    loss = ConditionalKeypointLoss(normalization='source')(prediction, label, weight, sources)
    torch.testing.assert_close(loss, (sum(means) / 2).float())


@pytest.mark.parametrize('normalization', ['batch', 'sample', 'source'])
def test_value_and_gradient_do_not_know_the_batch_size(simcc: tuple, normalization: str) -> None:
    prediction, label, weight = simcc
    loss = ConditionalKeypointLoss(normalization=normalization)
    sources = ['coco', 'mpii', 'coco', 'coco', 'mpii', 'coco']
    single = tuple(p.clone().requires_grad_() for p in prediction)
    once = loss(single, label, weight, sources)
    once.backward()
    repeated = tuple(p.clone().requires_grad_() for p in prediction)
    twice = loss(
        tuple(torch.cat([p, p]) for p in repeated),
        tuple(torch.cat([q, q]) for q in label),
        torch.cat([weight, weight]),
        sources * 2,
    )
    twice.backward()
    torch.testing.assert_close(once, twice)
    torch.testing.assert_close(single[0].grad, repeated[0].grad)


@pytest.mark.parametrize('options', [{}, dict(mask=[1, 3], mask_weight=0.5)])
def test_legacy_is_the_stock_loss_bit_by_bit(simcc: tuple, options: dict) -> None:
    stock = KLDiscretLoss(beta=10.0, label_softmax=True, use_target_weight=True, **options)
    ours = ConditionalKeypointLoss(normalization='legacy', **options)
    assert torch.equal(ours(*simcc), stock(*simcc))


def test_legacy_differs_only_by_the_known_factors(simcc: tuple) -> None:
    prediction, label, weight = simcc
    square = (prediction[0], prediction[0]), (label[0], label[0])
    legacy = ConditionalKeypointLoss(normalization='legacy')(*square, weight)
    ours = ConditionalKeypointLoss()(*square, weight)
    torch.testing.assert_close(legacy, ours * weight.sum() / 12 / 5)


@pytest.mark.parametrize('normalization', ['batch', 'sample', 'source', 'legacy'])
def test_unlabelled_rows_get_exactly_no_gradient(simcc: tuple, normalization: str) -> None:
    prediction, label, weight = simcc
    prediction = tuple(p.requires_grad_() for p in prediction)
    loss = ConditionalKeypointLoss(normalization=normalization)
    loss(prediction, label, weight, ['coco'] * 6).backward()
    for p in prediction:
        assert torch.all(p.grad[weight == 0] == 0)
        assert torch.all(p.grad[weight > 0].abs().sum(-1) > 0)


@pytest.mark.parametrize('normalization', ['batch', 'sample', 'source', 'legacy'])
def test_a_batch_without_labels_is_zero_not_nan(simcc: tuple, normalization: str) -> None:
    prediction, label, weight = simcc
    prediction = tuple(p.requires_grad_() for p in prediction)
    loss = ConditionalKeypointLoss(normalization=normalization)
    value = loss(prediction, label, torch.zeros_like(weight), ['coco'] * 6)
    value.backward()
    assert value == 0
    assert all(torch.all(p.grad == 0) for p in prediction)


def test_task_and_distillation_agree_on_the_same_target(simcc: tuple) -> None:
    prediction, label, weight = simcc
    target = tuple((10 * q).softmax(-1) for q in label)
    distillation = SimCCDistillationLoss(beta=10.0)(prediction, target, weight)
    torch.testing.assert_close(distillation, ConditionalKeypointLoss()(*simcc))


def test_weights_can_be_switched_off_and_masked(simcc: tuple) -> None:
    prediction, label, weight = simcc
    values = direct_values(simcc)
    plain = ConditionalKeypointLoss(use_target_weight=False)
    torch.testing.assert_close(plain(*simcc), values.mean().float())
    factors = torch.tensor([1, 0.5, 1, 1, 1]).double() * weight
    masked = ConditionalKeypointLoss(mask=[1], mask_weight=0.5)
    before = weight.clone()
    expected = (values * factors).sum() / factors.sum()
    torch.testing.assert_close(masked(*simcc), expected.float())
    assert torch.equal(weight, before)


def test_half_precision_predictions_are_compared_in_float32(simcc: tuple) -> None:
    prediction, label, weight = simcc
    half = tuple(p.bfloat16() for p in prediction)
    loss = ConditionalKeypointLoss()(half, label, weight)
    assert loss.dtype == torch.float32
    assert torch.isfinite(loss)


def test_bad_arguments_are_named(simcc: tuple) -> None:
    with pytest.raises(ValueError, match="normalization got 'global'"):
        ConditionalKeypointLoss(normalization='global')
    with pytest.raises(ValueError, match='sources None'):
        ConditionalKeypointLoss(normalization='source')(*simcc)

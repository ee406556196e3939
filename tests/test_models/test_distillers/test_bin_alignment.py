import pytest
import torch

from mmpose_ext.models.distillers.bin_alignment import BinAlignment, Bins


def test_equal_bins_are_a_slice() -> None:
    """The MPII teacher's 512 bins of a 256 px window around a 192 px one: bins 64 to 447."""
    alignment = BinAlignment(Bins(512, 0.5, -32.0), Bins(384, 0.5))
    teacher = torch.rand(2, 3, 512).softmax(-1)
    aligned, inside = alignment(teacher)
    assert alignment.is_exact
    torch.testing.assert_close(inside, teacher[..., 64:448].sum(-1))
    torch.testing.assert_close(aligned * inside[..., None], teacher[..., 64:448])


def test_renormalizing_a_slice_is_the_softmax_of_the_slice() -> None:
    logits = torch.randn(2, 3, 512) * 3
    aligned, _ = BinAlignment(Bins(512, 0.5, -32.0), Bins(384, 0.5))(logits.softmax(-1))
    torch.testing.assert_close(aligned, logits[..., 64:448].softmax(-1))


def test_a_narrow_source_is_padded() -> None:
    aligned, inside = BinAlignment(Bins(4, 1.0, 2.0), Bins(8, 1.0))(torch.full((4,), 0.25))
    assert aligned.tolist() == [0, 0, 0.25, 0.25, 0.25, 0.25, 0, 0]
    assert inside == 1


@pytest.mark.parametrize(
    ('source', 'target'),
    [
        (Bins(20, 0.5, 0.1), Bins(6, 1.3, 0.7)),
        (Bins(30, 0.5, -3.0), Bins(8, 0.75, 0.25)),
    ],
)
def test_coarser_bins_share_mass_by_overlap(source: Bins, target: Bins) -> None:
    """Against a fine sampling of the piecewise constant density."""
    probabilities = torch.rand(source.count, dtype=torch.float64).softmax(-1)
    samples = 2000
    points = (torch.arange(samples) + 0.5) / samples - 0.5
    mass = torch.zeros(target.count, dtype=torch.float64)
    for i, probability in enumerate(probabilities):
        places = source.first + source.step * (i + points)
        bins = ((places - target.first) / target.step + 0.5).floor().long()
        known = bins[(bins >= 0) & (bins < target.count)]
        mass += torch.bincount(known, minlength=target.count) * probability / samples
    aligned, inside = BinAlignment(source, target)(probabilities)
    torch.testing.assert_close(inside, mass.sum(), atol=2e-3, rtol=0)
    torch.testing.assert_close(aligned * inside, mass, atol=2e-3, rtol=0)


@pytest.mark.parametrize('beta', [1, 12])
def test_finer_bins_keep_a_gaussian_and_its_place(beta: int) -> None:
    """A heatmap of 24 columns on the 192 bins of a student, sharpened or not."""
    source, target = Bins(24, 95 / 23), Bins(192, 0.5)
    places = source.step * torch.arange(24, dtype=torch.float64)
    wanted = 0.5 * torch.arange(192, dtype=torch.float64)
    for centre in torch.linspace(25, 70, 40, dtype=torch.float64):
        variance = (1.5 * source.step) ** 2 / beta
        given = (-((places - centre) ** 2) / (2 * variance)).softmax(-1)
        aligned, inside = BinAlignment(source, target)(given)
        exact = (-((wanted - centre) ** 2) / (2 * variance)).softmax(-1)
        torch.testing.assert_close(aligned, exact, atol=1e-4, rtol=0)
        torch.testing.assert_close(inside.item(), 1.0, atol=1e-4, rtol=0)


def test_finer_bins_outside_the_source_are_empty() -> None:
    source, target = Bins(4, 2.0, 3.0), Bins(16, 1.0)
    aligned, inside = BinAlignment(source, target)(torch.tensor([0.1, 0.4, 0.4, 0.1]))
    # The source reaches from 2 to 10.
    assert torch.all(aligned[:2] == 0) and torch.all(aligned[11:] == 0)
    assert torch.all(aligned[2:10] > 0)
    torch.testing.assert_close(aligned.sum(), torch.tensor(1.0))
    torch.testing.assert_close(inside, torch.tensor(1.0))


def test_finer_bins_count_the_mass_inside_by_overlap() -> None:
    aligned, inside = BinAlignment(Bins(4, 2.0), Bins(6, 0.5, 3.0))(
        torch.tensor([0.1, 0.2, 0.3, 0.4])
    )
    # From 2.75 to 5.75: an eighth of the second bin, all of the third, three eighths of the last.
    torch.testing.assert_close(inside, torch.tensor(0.2 / 8 + 0.3 + 0.4 * 3 / 8))
    torch.testing.assert_close(aligned.sum(), torch.tensor(1.0))


def test_no_mass_inside_is_zero_not_nan() -> None:
    probabilities = torch.zeros(8)
    probabilities[0] = 1
    aligned, inside = BinAlignment(Bins(8, 1.0, -4.0), Bins(4, 1.0))(probabilities)
    assert inside == 0
    assert torch.all(aligned == 0)


def test_bins_apart_are_refused() -> None:
    with pytest.raises(ValueError, match='no overlap'):
        BinAlignment(Bins(4, 1.0, 100.0), Bins(4, 1.0))

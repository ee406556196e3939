import pytest
import torch

from mmpose_ext.models.distillers.bin_alignment import Bins
from mmpose_ext.models.distillers.window_adapters import (
    CanvasAdapter,
    StretchAdapter,
    cut_window,
)


def simcc_bins(size: tuple[int, int]) -> tuple[Bins, Bins]:
    return tuple(Bins(2 * side, 0.5) for side in size)


def canvas_adapter(
    canvas: tuple[int, int], student: tuple[int, int], teacher: tuple[int, int]
) -> CanvasAdapter:
    return CanvasAdapter(canvas, student, teacher, simcc_bins(student), simcc_bins(teacher))


def test_the_papers_sizes_are_exact() -> None:
    """Student columns 32 to 223 of a 256 x 256 canvas; the teacher sees all of it."""
    adapter = canvas_adapter((256, 256), (192, 256), (256, 256))
    canvas = torch.rand(1, 3, 256, 256)
    assert torch.equal(adapter.window(canvas), canvas)
    assert torch.equal(cut_window(canvas, (192, 256)), canvas[..., 32:224])
    logits = torch.randn(2, 16, 512), torch.randn(2, 16, 512)
    (x, y), inside = adapter.align(logits)
    assert all(axis.is_exact for axis in adapter.axes)
    torch.testing.assert_close(x, logits[0][..., 64:448].softmax(-1))
    torch.testing.assert_close(y, logits[1].softmax(-1))
    torch.testing.assert_close(inside, logits[0].softmax(-1)[..., 64:448].sum(-1))


def test_a_teacher_of_the_students_size_sees_the_students_window() -> None:
    adapter = canvas_adapter((256, 256), (192, 256), (192, 256))
    canvas = torch.rand(1, 3, 256, 256)
    assert torch.equal(adapter.window(canvas), canvas[..., 32:224])
    (x, _), inside = adapter.align((torch.randn(1, 2, 384), torch.randn(1, 2, 512)))
    torch.testing.assert_close(inside, torch.ones(1, 2))
    assert x.shape == (1, 2, 384)


@pytest.mark.parametrize(
    ('canvas', 'student', 'teacher'),
    [
        ((384, 384), (288, 384), (256, 256)),
        ((256, 256), (192, 256), (384, 384)),
        ((160, 128), (96, 128), (192, 256)),
    ],
)
def test_a_point_keeps_its_place_at_any_scale(
    canvas: tuple[int, int], student: tuple[int, int], teacher: tuple[int, int]
) -> None:
    """A bright spot that the teacher finds must land where the student sees it."""
    adapter = canvas_adapter(canvas, student, teacher)
    columns, rows = torch.arange(canvas[0]), torch.arange(canvas[1])
    spot_x, spot_y = canvas[0] / 2 + 17.0, canvas[1] / 2 - 21.0
    image = torch.exp(-((columns - spot_x) ** 2 + (rows[:, None] - spot_y) ** 2) / 128)
    window = adapter.window(image.expand(1, 1, -1, -1))[0, 0]
    assert window.shape == teacher[::-1]

    logits = []
    for axis, side in ((0, teacher[0]), (1, teacher[1])):
        profile = window.sum(dim=axis)
        centre = (profile * torch.arange(side)).sum() / profile.sum()
        bins = torch.arange(2 * side) * 0.5
        logits.append(-((bins - centre) ** 2)[None, None] / 18)
    (x, y), inside = adapter.align(tuple(logits))
    offset = (canvas[0] - student[0]) / 2
    found_x = (x[0, 0] * torch.arange(2 * student[0]) * 0.5).sum()
    found_y = (y[0, 0] * torch.arange(2 * student[1]) * 0.5).sum()
    torch.testing.assert_close(found_x.item(), spot_x - offset, atol=0.05, rtol=0)
    torch.testing.assert_close(found_y.item(), spot_y, atol=0.05, rtol=0)
    torch.testing.assert_close(inside, torch.ones(1, 1), atol=1e-3, rtol=0)


def test_a_canvas_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match=r'canvas size .* got \(192, 256\)'):
        canvas_adapter((192, 256), (192, 256), (256, 256))


def test_an_odd_margin_is_refused() -> None:
    with pytest.raises(ValueError, match='even number'):
        cut_window(torch.rand(1, 3, 64, 65), (48, 64))


def test_stretch_is_the_published_resampling() -> None:
    student, teacher = (192, 256), (256, 256)
    adapter = StretchAdapter((256, 256), student, teacher, simcc_bins(student), simcc_bins(teacher))
    canvas = torch.rand(1, 3, 256, 256)
    window = adapter.window(canvas)
    assert window.shape == (1, 3, 256, 256)
    # With aligned corners the outermost columns are kept and inner ones interpolated.
    torch.testing.assert_close(window[..., [0, -1]], canvas[..., [32, 223]])
    torch.testing.assert_close(
        window[..., 100],
        canvas[..., 32 + 74] * (1 - 0.902) + canvas[..., 32 + 75] * 0.902,
        atol=2e-3,
        rtol=0,
    )
    ramp = torch.linspace(0, 1, 512).expand(1, 1, -1)
    (x, y), inside = adapter.align((ramp, ramp))
    torch.testing.assert_close(x, torch.linspace(0, 1, 384).expand(1, 1, -1).softmax(-1))
    torch.testing.assert_close(y, ramp.softmax(-1))
    assert torch.equal(inside, torch.ones(1, 1))

import pytest
import torch

from mmpose_ext.models.necks import FinestLevelNeck


def test_every_stage_reaches_every_pixel_below_it() -> None:
    """One pixel of the coarsest of three stages covers 4 x 4 pixels, and the 3 x 3 kernel's rim."""
    neck = FinestLevelNeck((2, 3, 4), 5).eval()
    stages = [torch.zeros(1, 2, 16, 12), torch.zeros(1, 3, 8, 6), torch.zeros(1, 4, 4, 3)]
    (empty,) = neck(stages)
    stages[2][..., 2, 1] = 1
    (touched,) = neck(stages)
    rows, columns = (touched - empty)[0].abs().sum(0).nonzero().T
    assert touched.shape == (1, 5, 16, 12)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (7, 12, 3, 8)


def test_all_parameters_are_used() -> None:
    neck = FinestLevelNeck((2, 3), 4)
    neck([torch.randn(2, 2, 8, 8), torch.randn(2, 3, 4, 4)])[0].square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in neck.laterals.parameters())


def test_a_missing_stage_is_refused() -> None:
    with pytest.raises(ValueError, match='got 1 maps, expected 2'):
        FinestLevelNeck((2, 3), 4)([torch.zeros(1, 2, 8, 8)])

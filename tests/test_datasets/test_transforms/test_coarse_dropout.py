import numpy as np
import pytest

from mmpose_ext.datasets.transforms import CoarseDropout


def hole(canvas, **results):
    image = CoarseDropout()(dict(results, img=np.full((*canvas, 3), 9, np.uint8)))['img']
    rows, columns = np.where((image == 0).all(axis=2))
    assert (image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] == 0).all()
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_the_hole_lies_in_the_students_input_and_has_its_size():
    holes = np.array([hole((256, 256), input_size=(192, 256)) for _ in range(400)])

    heights, widths = holes[:, 1] - holes[:, 0], holes[:, 3] - holes[:, 2]
    assert heights.min() >= 51
    assert heights.max() <= 102
    assert widths.min() >= 38
    assert widths.max() <= 76
    assert holes[:, 2].min() >= 32
    assert holes[:, 3].max() <= 224
    # It reaches all of the input: the corners too.
    assert holes[:, 0].min() < 10
    assert holes[:, 1].max() > 246
    assert holes[:, 2].min() < 40
    assert holes[:, 3].max() > 216


def test_without_a_canvas_it_is_anywhere():
    holes = np.array([hole((100, 50)) for _ in range(200)])

    assert holes.min() == 0
    assert holes[:, 3].max() == 50


def test_probability():
    dropout = CoarseDropout(prob=0.5)
    chosen = [dropout._choose() is not None for _ in range(2000)]

    assert abs(np.mean(chosen) - 0.5) < 0.05


@pytest.mark.parametrize(
    'options', [dict(height=(0.4, 0.2)), dict(width=(0, 1)), dict(width=(1, 2))]
)
def test_arguments_out_of_range(options):
    with pytest.raises(ValueError, match='least'):
        CoarseDropout(**options)

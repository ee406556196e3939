import numpy as np
import pytest

from mmpose_ext.visualization import contact_sheet


def test_every_picture_is_on_the_sheet_undistorted():
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    shapes = [(40, 80), (40, 40), (20, 40)]
    images = [np.full((*shape, 3), color, np.uint8) for shape, color in zip(shapes, colors)]
    sheet = contact_sheet(images, ['a', 'b\nc', ''], columns=2)
    for image, color in zip(images, colors):
        rows, columns = np.nonzero((sheet == np.uint8(color)).all(axis=2))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        # Fitted into 80 x 40: the small one is enlarged, proportions stay.
        assert (height, width) == {(20, 40): (40, 80)}.get(image.shape[:2], image.shape[:2])


def test_captions_are_written_below():
    image = np.zeros((30, 60, 3), np.uint8)
    plain = contact_sheet([image])
    written = contact_sheet([image], ['words that do not fit on one line of the tile'])
    assert written.shape[0] > plain.shape[0]
    assert (written[40:] < 128).any()


def test_bad_calls_are_refused():
    with pytest.raises(ValueError, match='no images'):
        contact_sheet([])
    with pytest.raises(ValueError, match='captions: got 2'):
        contact_sheet([np.zeros((4, 4, 3), np.uint8)], ['a', 'b'])

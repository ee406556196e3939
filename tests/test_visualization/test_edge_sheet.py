import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera
from mmpose_ext.rendering import EdgePerson, canny_edges, dilate, smpl_edge_map, to_gray
from mmpose_ext.visualization import edge_sheet
from mmpose_ext.visualization.contact_sheet import contact_sheet

CAMERA = PinholeCamera(100, 100, 49.5, 39.5, 100, 80)


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (80, 100, 3), np.uint8)


def block(x, z, area):
    """A box as a person."""
    corners = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)
    faces = np.array(
        [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6]]
        + [[0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
    )
    return EdgePerson(corners - 0.5 + [x, 0, z], faces, CAMERA, area)


def tiles(sheet, number, columns, image):
    """The pictures of a sheet, found where an empty sheet has black ones."""
    empty = contact_sheet([np.zeros_like(image)] * number, ['x'] * number, columns)
    rows, cols = np.nonzero((empty == 0).all(2)[:, : empty.shape[1]])
    height, width = image.shape[:2]
    gap = rows.min()
    step_y, step_x = (sheet.shape[0] - gap) // -(-number // columns), width + gap
    return [
        sheet[y : y + height, x : x + width]
        for n in range(number)
        for y, x in [(gap + n // columns * step_y, gap + n % columns * step_x)]
    ]


def test_the_sheet_shows_every_map(image):
    people = [block(0.5, 4, 400), block(0, 2.5, 5000)]
    sheet = edge_sheet(image, people, columns=3)
    shown = tiles(sheet, 7, 3, image)
    np.testing.assert_array_equal(shown[0], image)
    expected = [
        smpl_edge_map([people[1]], 100, 80),
        smpl_edge_map([people[0]], 100, 80),
        *(smpl_edge_map(people, 100, 80, mode=mode) for mode in ('overlap', 'all', 'hidden')),
        dilate(canny_edges(to_gray(image)), 5),
    ]
    for picture, edges in zip(shown[1:], expected):
        assert edges.any()
        np.testing.assert_array_equal(picture, np.repeat(255 * edges[..., None], 3, axis=2))


def test_only_the_largest_people_have_a_picture_of_their_own(image):
    people = [block(x, 4, 400 * x + 1000) for x in (-1.0, 0.0, 1.0)]
    shown = tiles(edge_sheet(image, people, max_people=1, columns=3), 6, 3, image)
    own = smpl_edge_map([people[2]], 100, 80)
    np.testing.assert_array_equal(shown[1][..., 0], 255 * own)


def test_an_image_without_people_and_soft_values_are_drawn(image):
    sheet = edge_sheet(image, [], values='magnitude', tile=(50, 40))
    assert sheet.dtype == np.uint8 and sheet.shape[2] == 3
    with pytest.raises(ValueError, match='values got'):
        edge_sheet(image, [], values='soft')

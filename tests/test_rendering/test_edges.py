import dataclasses

import cv2
import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera
from mmpose_ext.rendering import (
    EdgePerson,
    canny_edges,
    canny_magnitude,
    dilate,
    dilation_size,
    rasterize,
    smpl_edge_map,
)

CAMERA = PinholeCamera(150, 150, 79.5, 59.5, 160, 120)
SIZE = dict(width=160, height=120)


@pytest.fixture
def ball(make_sphere):
    """A ball as a person whose box is that of its image."""

    def make(centre, radius=0.5, camera=CAMERA, area=None):
        vertices, faces = make_sphere(24, radius, centre)
        if area is None:
            area = (2 * camera.fx * radius / max(centre[2], 0.1)) ** 2
        return EdgePerson(vertices, faces, camera, area)

    return make


def picture_of(person, albedo):
    """What the camera sees, computed over the whole image in plain numpy."""
    seen = rasterize([person.vertices], person.faces, person.camera, cull_backfaces=True)
    a, b, c = np.moveaxis(seen.vertices[seen.faces], 1, 0)
    normals = np.cross(b - a, c - a)
    cosine = np.clip(-normals[:, 2] / np.linalg.norm(normals, axis=1), 0, 1)
    brightness = (albedo * np.minimum(0.3 + 0.76 * cosine, 1)) ** (1 / 2.2)
    return np.rint(255 * np.append(brightness, 1)[seen.face_ids]).astype(np.uint8)


def radius_of_image(centre, radius):
    """Of a ball on the optical axis, in pixels."""
    return CAMERA.fx * radius / np.sqrt(centre[2] ** 2 - radius**2)


def distance_to_circle(centre, radius):
    rows, columns = np.mgrid[:120, :160]
    pixels = np.hypot(columns - CAMERA.cx, rows - CAMERA.cy)
    return pixels - radius_of_image(centre, radius)


@pytest.mark.parametrize(
    'area, paper, release',
    [
        (0, 1, 1),
        (256, 1, 1),
        (256.5, 3, 3),
        (257, 3, 3),
        (4096, 3, 3),
        (4097, 5, 5),
        (16384, 5, 5),
        (16385, 7, 5),
        (65536, 7, 5),
        (65537, 9, 7),
        (262144, 9, 7),
        (1e7, 9, 7),
    ],
)
def test_dilation_follows_the_table(area, paper, release):
    assert dilation_size(area) == dilation_size(area, 'paper') == paper
    assert dilation_size(area, 'release') == release
    assert dilation_size(area, 3) == 3


@pytest.mark.parametrize('area', [-1, np.nan, np.inf])
def test_an_impossible_area_is_refused(area):
    with pytest.raises(ValueError, match='bbox_area'):
        dilation_size(area)


def test_the_outline_of_a_ball_is_its_circle(ball):
    edges = smpl_edge_map([ball((0, 0, 2))], **SIZE, dilation=0) > 0
    distance = distance_to_circle((0, 0, 2), 0.5)
    assert distance[edges].max() < 1.5
    outline = edges & (np.abs(distance) < 1.5)
    rows, columns = np.nonzero(outline)
    angles = np.degrees(np.arctan2(rows - CAMERA.cy, columns - CAMERA.cx)).astype(int) // 4
    assert set(angles) >= set(range(-44, 45))


def test_the_outline_of_a_cube_seen_from_the_front_is_its_square():
    corners = np.array([(x, y, z) for z in (2, 3) for y in (-0.5, 0.5) for x in (-0.5, 0.5)])
    front = np.array([[0, 2, 3], [0, 3, 1]])
    back = front[:, ::-1] + 4
    sides = [[0, 1, 5], [0, 5, 4], [3, 2, 6], [3, 6, 7], [2, 0, 4], [2, 4, 6], [1, 3, 7], [1, 7, 5]]
    faces = np.concatenate([front, back, sides])
    edges = smpl_edge_map([EdgePerson(corners, faces, CAMERA, 1)], **SIZE) > 0
    # The front is 75 pixels wide and high around the principal point.
    rows, columns = np.mgrid[:120, :160]
    distance = np.maximum(np.abs(columns - CAMERA.cx), np.abs(rows - CAMERA.cy)) - 37.5
    assert np.abs(distance[edges]).max() < 1.5
    assert 4 * 74 - 4 <= edges.sum() <= 4 * 76
    _, parts = cv2.connectedComponents((~edges).astype(np.uint8), connectivity=4)
    assert parts[0, 0] != parts[60, 80]


@pytest.mark.parametrize('values', ['binary', 'magnitude'])
@pytest.mark.parametrize(
    'centre',
    [
        (0, 0, 2),
        (0.31, -0.2, 3),
        (-1.0, 0.6, 2),
        (1.2, 0.1, 2.2),
        (0.02, 0.9, 2),
        (0.2, 0.45, 0.35),
    ],
    ids=['middle', 'inside', 'corner', 'right', 'bottom', 'crossing'],
)
def test_work_on_a_part_gives_the_map_of_the_whole_image(ball, centre, values):
    person = ball(centre)
    picture = picture_of(person, albedo=0.8 if values == 'binary' else 1)
    size = dilation_size(person.bbox_area)
    if values == 'binary':
        expected = dilate(canny_edges(picture), size)
    else:
        expected = np.minimum(dilate(canny_magnitude(picture), size), 1)
    assert expected.any()
    edges = smpl_edge_map([person], **SIZE, values=values)
    assert edges.dtype == np.float32 and edges.shape == (120, 160)
    np.testing.assert_array_equal(edges, expected)


def test_hidden_people_stay_in_the_overlap_and_vanish_from_the_joint_picture(ball):
    front, back = ball((0, 0, 2), 0.6), ball((0, 0, 3), 0.5)
    maps = {
        mode: smpl_edge_map([front, back], **SIZE, mode=mode, dilation=3)
        for mode in ('overlap', 'all', 'hidden')
    }
    circle = np.abs(distance_to_circle((0, 0, 3), 0.5)) < 0.8
    assert maps['overlap'][circle].mean() > 0.99
    assert maps['all'][circle].mean() < 0.1
    assert maps['hidden'][circle].mean() > 0.9
    np.testing.assert_array_equal(maps['hidden'], np.clip(maps['overlap'] - maps['all'], 0, None))
    # From the front everything is as if nobody stood behind.
    alone = smpl_edge_map([front], **SIZE, mode='all', dilation=3)
    np.testing.assert_array_equal(maps['all'], alone)


def test_overlap_covers_the_silhouettes_of_the_joint_picture(ball):
    people = [ball((-0.2, 0, 2), 0.5), ball((0.4, 0.1, 3.4), 0.6), ball((0.8, -0.4, 5), 0.7)]
    ids = rasterize([p.vertices for p in people], people[0].faces, CAMERA).person_ids
    silhouettes = (ids >= 0) & (cv2.erode(ids, np.ones((3, 3))) < ids)
    assert {0, 1, 2} <= set(ids[silhouettes])
    overlap, together = (
        smpl_edge_map(people, **SIZE, mode=mode, dilation=5) for mode in ('overlap', 'all')
    )
    assert together[silhouettes].mean() > 0.98
    assert (overlap >= together)[silhouettes].all()


def test_the_joint_picture_is_dilated_by_five(ball):
    people = [ball((0, 0, 2), area=1e6), ball((0.5, 0, 3), area=1)]
    for dilation in ('paper', 'release'):
        np.testing.assert_array_equal(
            smpl_edge_map(people, **SIZE, mode='all', dilation=dilation),
            smpl_edge_map(people, **SIZE, mode='all', dilation=5),
        )


def test_sums_are_saturated(ball):
    person = ball((0, 0, 2))
    binary = smpl_edge_map([person], **SIZE)
    np.testing.assert_array_equal(smpl_edge_map([person] * 3, **SIZE), binary)
    assert set(np.unique(binary)) == {0, 1}
    single = smpl_edge_map([person], **SIZE, values='magnitude')
    assert 0 < single[single > 0].min() < 0.5
    np.testing.assert_allclose(
        smpl_edge_map([person] * 2, **SIZE, values='magnitude'), np.minimum(2 * single, 1)
    )


def test_each_person_has_a_dilation_of_their_own(ball):
    near, far = ball((-0.6, 0, 2), 0.4), ball((1.0, 0, 4), 0.3)
    near, far = (dataclasses.replace(p, bbox_area=a) for p, a in ((near, 20000), (far, 300)))
    expected = np.maximum(
        smpl_edge_map([near], **SIZE, dilation=7), smpl_edge_map([far], **SIZE, dilation=3)
    )
    np.testing.assert_array_equal(smpl_edge_map([near, far], **SIZE), expected)


def test_people_fitted_in_other_cameras_are_hidden_by_their_true_depth(ball):
    front, back = ball((0, 0, 2), 0.6), ball((0, 0, 3), 0.5)
    # The same image in a lens three times as long, not of square pixels: three times as far away.
    other = PinholeCamera(450, 420, 70, 66, 160, 120)
    points = 3 * front.vertices @ (np.linalg.inv(other.matrix) @ CAMERA.matrix).T
    moved = EdgePerson(points, front.faces, other, front.bbox_area)
    assert points[:, 2].min() > back.vertices[:, 2].max()
    circle = np.abs(distance_to_circle((0, 0, 3), 0.5)) < 0.8
    outline = np.abs(distance_to_circle((0, 0, 2), 0.6)) < 0.8
    for people in ([moved, back], [back, moved]):
        edges = smpl_edge_map(people, **SIZE, mode='all', dilation=3)
        assert edges[outline].mean() > 0.99
        assert edges[circle].mean() < 0.1


def test_nobody_and_nobody_in_view_give_an_empty_map(ball):
    behind, beside, above = ball((0, 0, -3)), ball((30, 0, 3)), ball((0, -30, 3))
    for people in ([], [behind], [beside], [above], [behind, beside]):
        for mode in ('overlap', 'all', 'hidden'):
            edges = smpl_edge_map(people, **SIZE, mode=mode)
            assert edges.shape == (120, 160) and not edges.any()
    seen = ball((0, 0, 2))
    np.testing.assert_array_equal(
        smpl_edge_map([behind, seen, beside], **SIZE), smpl_edge_map([seen], **SIZE)
    )


def test_a_person_around_the_camera_is_drawn_without_an_error(ball):
    edges = smpl_edge_map([ball((0, 0.3, 0.2), 0.5)], **SIZE)
    assert np.isfinite(edges).all()


def test_wrong_input_is_refused(ball):
    person = ball((0, 0, 2))
    broken = dataclasses.replace(person, vertices=person.vertices * np.nan)
    with pytest.raises(ValueError, match='person 1 got NaN'):
        smpl_edge_map([person, broken], **SIZE)
    with pytest.raises(ValueError, match=r'person 0 .*\(160, 120\).*expected \(161, 120\)'):
        smpl_edge_map([person], 161, 120)
    for settings in (dict(mode='both'), dict(values='soft'), dict(dilation='wide')):
        with pytest.raises(ValueError, match=next(iter(settings))):
            smpl_edge_map([person], **SIZE, **settings)
    with pytest.raises(ValueError, match='odd'):
        smpl_edge_map([person], **SIZE, dilation=4)
    with pytest.raises(ValueError, match='bbox_area'):
        smpl_edge_map([dataclasses.replace(person, bbox_area=np.nan)], **SIZE)

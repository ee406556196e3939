import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera, project
from mmpose_ext.rendering import rasterize
from mmpose_ext.visualization import overlay_meshes, person_colors, view_from
from mmpose_ext.visualization.draw_mesh import resize_camera

CAMERA = PinholeCamera(100, 100, 47.5, 39.5, 96, 80)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def noise():
    return np.random.default_rng(0).integers(0, 256, (80, 96, 3), np.uint8)


def where(picture, color):
    """Pixels in which one channel dominates."""
    channel = int(np.argmax(color))
    others = np.delete(picture.astype(int), channel, axis=2).max(axis=2)
    return picture[..., channel] > others + 60


def middle(picture, color):
    """Column and row of the middle of what has a colour."""
    rows, columns = np.nonzero(where(picture, color))
    return np.array([columns.mean(), rows.mean()])


def test_exactly_the_pixels_of_the_silhouette_change(make_ball):
    vertices, faces = make_ball((0.2, -0.1, 2.0))
    image = noise()
    drawn = overlay_meshes(image, [vertices], faces, CAMERA, alpha=0.9)
    covered = rasterize([vertices], faces, CAMERA).face_ids >= 0
    assert 500 < covered.sum() < 1500
    assert (drawn[~covered] == image[~covered]).all()
    assert (drawn[covered] != image[covered]).any(axis=1).mean() > 0.98
    assert (image == noise()).all()


def test_alpha_mixes_image_and_body(make_ball):
    vertices, faces = make_ball((0.2, -0.1, 2.0))
    image = noise()
    opaque = overlay_meshes(image, [vertices], faces, CAMERA, alpha=1.0)
    mixed = overlay_meshes(image, [vertices], faces, CAMERA, alpha=0.4)
    expected = 0.6 * image.astype(float) + 0.4 * opaque
    np.testing.assert_allclose(mixed, expected, atol=1.01)
    assert (overlay_meshes(image, [vertices], faces, CAMERA, alpha=0) == image).all()


@pytest.mark.parametrize('order', [(0, 1), (1, 0)])
def test_the_nearer_person_hides_the_other(make_ball, order):
    near, faces = make_ball((0.0, 0, 2.0), 0.2)
    far, _ = make_ball((0.1, 0, 3.0), 0.6)
    people, colors = [near, far], np.array([RED, GREEN])
    drawn = overlay_meshes(
        np.zeros((80, 96, 3), np.uint8),
        [people[i] for i in order],
        faces,
        CAMERA,
        colors[list(order)],
    )
    in_front = rasterize([near], faces, CAMERA).face_ids >= 0
    behind = rasterize([far], faces, CAMERA).face_ids >= 0
    assert (where(drawn, RED) == in_front).all()
    assert (where(drawn, GREEN) == (behind & ~in_front)).all()


def test_depths_of_people_with_own_cameras_are_compared_in_one(make_ball):
    # Of two people with the same z, the one seen by the longer lens appears larger: is nearer.
    wide, faces = make_ball((0, 0, 3.0), 0.6)
    long, _ = make_ball((0, 0, 4.0), 0.3)
    camera = PinholeCamera(200, 200, 47.5, 39.5, 96, 80)
    drawn = overlay_meshes(
        np.zeros((80, 96, 3), np.uint8), [wide, long], faces, [CAMERA, camera], [RED, GREEN]
    )
    assert where(drawn, GREEN)[39, 47]
    drawn = overlay_meshes(
        np.zeros((80, 96, 3), np.uint8), [wide, long], faces, CAMERA, [RED, GREEN]
    )
    assert where(drawn, RED)[39, 47]


def test_everybody_lies_where_their_own_camera_projects_them(make_ball):
    cameras = [
        CAMERA,
        PinholeCamera(240, 150, 20, 60, 96, 80),
        PinholeCamera(5000, 5000, 70.5, 20, 96, 80),
    ]
    meshes = [
        make_ball((-0.5, 0.3, 2.0), 0.25, 200),
        make_ball((0.33, -1.2, 4.0), 0.3, 310),
        make_ball((0.1, 0.54, 90.0), 0.3, 150),
    ]
    vertices, faces = zip(*meshes)
    colors = np.array([RED, GREEN, BLUE])
    drawn = overlay_meshes(np.zeros((80, 96, 3), np.uint8), vertices, faces, cameras, colors)
    for own, own_faces, camera, color in zip(vertices, faces, cameras, colors):
        alone = rasterize([own], own_faces, camera).face_ids >= 0
        assert alone.sum() > 300
        # Rounding may move a pixel centre over an edge.
        found = where(drawn, color)
        assert (found != alone).sum() <= 2
        # Nor does the other camera change the light on the body.
        picture = overlay_meshes(np.zeros_like(drawn), [own], own_faces, camera, [color])
        np.testing.assert_allclose(drawn[found & alone], picture[found & alone], atol=1.01)


def test_people_outside_the_image_or_across_the_camera_plane(make_ball):
    image = noise()
    outside, faces = make_ball((9.0, 0, 2.0))
    behind, _ = make_ball((0, 0, -2.0))
    assert (overlay_meshes(image, [outside, behind], faces, CAMERA) == image).all()
    assert (overlay_meshes(image, [], faces, CAMERA) == image).all()
    across, _ = make_ball((0.3, 0, 0.1), 0.25)
    drawn = overlay_meshes(image, [across, outside], faces, CAMERA, [RED, GREEN], 1.0)
    covered = rasterize([across], faces, CAMERA, cull_backfaces=True).face_ids >= 0
    assert 0 < covered.sum() < covered.size
    assert (drawn[~covered] == image[~covered]).all()
    assert where(drawn, RED)[covered].mean() > 0.99


@pytest.mark.parametrize(
    ('view', 'red_to_green', 'red_to_blue'),
    [
        # Green is to the right of red (x), blue is farther (z) and higher (-y).
        ('front', (1, 0), (0, -1)),
        ('side', (0, 0), (2, -1)),
        ('top', (1, 0), (0, -2)),
    ],
)
def test_axes_of_the_views(make_ball, view, red_to_green, red_to_blue):
    center = np.array([3.0, -2.0, 30.0])
    balls = [make_ball(center + offset, 0.15) for offset in ([0, 0, 0], [1, 0, 0], [0, -1, 2])]
    vertices, faces = [v for v, _ in balls], balls[0][1]
    colors = np.array([RED, GREEN, BLUE])
    if view == 'side':
        # Seen from the right, green hides red: leave it out to see red.
        picture = view_from(vertices, faces, view, (200, 160), colors)
        assert not where(picture, RED).any()
        vertices[1] = vertices[0] + [-1, 0, 0]
    picture = view_from(vertices, faces, view, (200, 160), colors)
    red, blue = middle(picture, RED), middle(picture, BLUE)
    metre = np.linalg.norm(blue - red) / np.linalg.norm(red_to_blue)
    np.testing.assert_allclose((blue - red) / metre, red_to_blue, atol=0.03)
    if view != 'side':
        np.testing.assert_allclose((middle(picture, GREEN) - red) / metre, red_to_green, atol=0.03)
    areas = [where(picture, color).sum() for color in (RED, BLUE)]
    assert areas[0] == pytest.approx(areas[1], rel=0.1)


def test_from_above_the_higher_person_hides_the_lower(make_ball):
    low, faces = make_ball((0, 1.0, 5.0), 0.3)
    high, _ = make_ball((0, -1.0, 5.0), 0.2)
    picture = view_from([low, high], faces, 'top', (100, 100), [RED, GREEN])
    assert where(picture, GREEN)[50, 50]
    assert where(picture, RED).any()


def test_grid_lines_are_as_far_apart_as_written(make_ball):
    # Two balls 4 m apart and 4.6 m in extent give a step of 0.5 m.
    balls = [make_ball((x, 0, 5.0), 0.3) for x in (0.13, 4.13)]
    picture = view_from([v for v, _ in balls], balls[0][1], 'front', (400, 200), [RED, GREEN])
    metre = (middle(picture, GREEN) - middle(picture, RED))[0] / 4
    row = picture[:3].mean(axis=(0, 2))
    lines = np.nonzero((row < 240) & (row <= np.roll(row, 1)) & (row < np.roll(row, -1)))[0]
    np.testing.assert_allclose(np.diff(lines), 0.5 * metre, atol=1.01)
    offsets = 0.13 + (lines - middle(picture, RED)[0]) / metre
    np.testing.assert_allclose(offsets * 2, np.round(offsets * 2), atol=0.05)


def test_first_colors_differ_for_people_without_red_or_green_cones():
    # Machado, Oliveira and Fernandes (2009), full protanopia and deuteranopia, on linear RGB.
    simulations = [
        np.eye(3),
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    ]
    linear = (person_colors(7) / 255) ** 2.2
    for simulation in simulations:
        seen = 255 * np.clip(linear @ np.transpose(simulation), 0, 1) ** (1 / 2.2)
        distance = np.linalg.norm(seen[:, None] - seen, axis=-1) + 1000 * np.eye(7)
        assert distance.min() > 40
    assert len(np.unique(person_colors(21), axis=0)) == 21
    assert (person_colors(22)[21] == person_colors(1)[0]).all()


def test_resized_camera_keeps_places_relative_to_the_borders():
    points = np.random.default_rng(0).uniform([-1, -1, 2], [1, 1, 4], (20, 3))
    resized = project(points, resize_camera(CAMERA, 48, 160))
    np.testing.assert_allclose(resized, (project(points, CAMERA) + 0.5) * [0.5, 2] - 0.5)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(alpha=1.5), 'alpha got 1.5'),
        (dict(colors=np.zeros((2, 3))), r'colors got shape \(2, 3\), expected \(1, 3\)'),
        (dict(cameras=[CAMERA, CAMERA]), 'got 2 cameras, expected one per person'),
        (
            dict(cameras=PinholeCamera(9, 9, 9, 9, 80, 96)),
            'image of 80 x 96, expected 96 x 80',
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(make_ball, arguments, message):
    vertices, faces = make_ball((0, 0, 2.0))
    arguments = dict(cameras=CAMERA) | arguments
    with pytest.raises(ValueError, match=message):
        overlay_meshes(noise(), [vertices], faces, **arguments)


def test_unknown_view_is_refused(make_ball):
    vertices, faces = make_ball((0, 0, 2.0))
    with pytest.raises(ValueError, match="view got 'back', expected one of"):
        view_from([vertices], faces, 'back')

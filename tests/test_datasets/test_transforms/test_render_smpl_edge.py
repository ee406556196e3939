import cv2
import numpy as np
import pytest
from mmpose.registry import TRANSFORMS

from mmpose_ext.body_models import load_body_model
from mmpose_ext.datasets.transforms import RenderSMPLEdge
from mmpose_ext.geometry import project_points
from mmpose_ext.rendering import smpl_edge_map

HEIGHT, WIDTH = 200, 260
CAMERA = np.array([[300, 0, 128.5], [0, 300, 101.0], [0, 0, 1]])


def person(x=0.0, z=4.0, bend=0.3, gender='neutral', **changes):
    """A standing body, arms half lowered, in front of the camera."""
    pose = np.zeros((24, 3), np.float32)
    pose[0, 0] = np.pi
    pose[[1, 16, 17], 2] = bend, -0.7, 0.5
    values = dict(
        pose=pose,
        betas=np.linspace(-1, 1, 10, dtype=np.float32),
        transl=np.array([x, 0.2, z], np.float32),
        gender=gender,
        camera=CAMERA.copy(),
        bbox_area=9000.0,
    )
    return values | changes


def sample(*persons, **changes):
    return dict(img_path='images/7.jpg', img_shape=(HEIGHT, WIDTH), persons=list(persons)) | changes


def crop(persons, scale=1.2, degrees=25.0, mirrored=True, size=160):
    """A sample whose crop is a turned, scaled and mirrored part of the image."""
    affine = np.vstack([cv2.getRotationMatrix2D((128.5, 101.0), degrees, scale), [0, 0, 1]])
    affine[:2, 2] += (size - 1) / 2 - np.array([128.5, 101.0])
    if mirrored:
        affine = np.array([[-1, 0, size - 1], [0, 1, 0], [0, 0, 1]]) @ affine
    persons = [dict(each, camera_crop=affine @ each['camera']) for each in persons]
    return sample(*persons, input_size=(size, size), warp_mat=affine[:2])


def test_edges_surround_the_projected_body():
    one = person(0.3)
    settings = dict(type='mmpose_ext.RenderSMPLEdge', dilation=0, body_model='standin')
    edges = TRANSFORMS.build(settings)(sample(one))['edge']
    assert edges.shape == (HEIGHT, WIDTH) and edges.dtype == np.float32
    body = load_body_model('standin')
    vertices, _ = body.skin(one['betas'], one['pose'], one['transl'])
    pixels = project_points(vertices.astype(float), CAMERA)
    rows, columns = np.nonzero(edges)
    low, high = pixels.min(0), pixels.max(0)
    np.testing.assert_allclose([columns.min(), rows.min()], low, atol=1.5)
    np.testing.assert_allclose([columns.max(), rows.max()], high, atol=1.5)


@pytest.mark.parametrize('mirrored', [False, True])
@pytest.mark.parametrize('mode', ['overlap', 'all'])
def test_crop_space_agrees_with_the_warped_map_of_the_image(mirrored, mode):
    results = crop([person(-0.2), person(0.35, 4.6, -0.2)], mirrored=mirrored)
    settings = dict(dilation=0, mode=mode, body_model='standin')
    whole = RenderSMPLEdge('image', **settings)(dict(results))['edge']
    warped = cv2.warpAffine(whole, results['warp_mat'], (160, 160)) > 0.5
    direct = RenderSMPLEdge('crop', **settings)(dict(results))['edge'] > 0
    assert warped.sum() > 300
    around = np.ones((5, 5), np.uint8)
    for lines, others in ((warped, direct), (direct, warped)):
        near = cv2.dilate(others.astype(np.uint8), around) > 0
        assert near[lines].mean() > 0.97
    # Shifted by a few pixels they do not agree: the test above says something.
    near = cv2.dilate(np.roll(direct, 6, axis=1).astype(np.uint8), around) > 0
    assert near[warped].mean() < 0.9


def test_dilation_in_the_crop_follows_the_area_there():
    results = crop([person(bbox_area=5000.0)], scale=0.5)
    # 5000 square pixels are 1250 in the crop.
    for space, size in (('image', 5), ('crop', 3)):
        adaptive = RenderSMPLEdge(space, body_model='standin')(dict(results))['edge']
        fixed = RenderSMPLEdge(space, size, body_model='standin')(dict(results))['edge']
        np.testing.assert_array_equal(adaptive, fixed)
        assert adaptive.any()


def test_each_person_has_the_body_of_the_gender():
    draw = RenderSMPLEdge(dilation=0, body_model='standin')
    maps = [draw(sample(person(gender=gender)))['edge'] for gender in ('male', 'female')]
    assert (maps[0] != maps[1]).any()


def test_people_are_drawn_with_their_settings():
    persons = [person(-0.2), person(0.1, 5.0, gender='female')]
    for settings in (dict(mode='hidden'), dict(values='magnitude'), dict(dilation='release')):
        draw = RenderSMPLEdge(body_model='standin', **settings)
        results = sample(*persons)
        expected = smpl_edge_map(draw.people(results), WIDTH, HEIGHT, **settings)
        np.testing.assert_array_equal(draw(results)['edge'], expected)


def test_a_teacher_has_a_map_beside_the_students():
    results = RenderSMPLEdge(body_model='standin', key='teacher_edge')(sample(person(), edge=1))
    assert results['edge'] == 1 and results['teacher_edge'].any()


def test_an_image_without_people_in_view_has_an_empty_map():
    draw = RenderSMPLEdge(body_model='standin')
    for persons in ([], [person(z=-4.0)], [person(x=50.0)]):
        edges = draw(sample(*persons))['edge']
        assert edges.shape == (HEIGHT, WIDTH) and not edges.any()


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(pose=np.full((24, 3), np.nan)), 'images/7.jpg: person 1: pose got NaN'),
        (dict(betas=np.full(10, np.inf)), 'betas got .*infinite'),
        (dict(transl=np.zeros(2)), r'transl got shape \(2,\), expected \(3,\)'),
        (dict(camera=np.diag([-300.0, 300, 1])), r'focal length got \[-300.0, 300.0\]'),
        (dict(camera=np.diag([300.0, 0, 1])), 'focal length'),
        (dict(bbox_area=np.nan), 'bbox_area'),
        (dict(gender='unknown'), "gender got 'unknown'"),
    ],
)
def test_unusable_parameters_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        RenderSMPLEdge(body_model='standin')(sample(person(), person(**changes)))


def test_what_is_missing_is_named():
    incomplete = person()
    del incomplete['betas']
    with pytest.raises(ValueError, match=r"person 0: got no \['betas'\]"):
        RenderSMPLEdge(body_model='standin')(sample(incomplete))
    with pytest.raises(ValueError, match='got no persons'):
        RenderSMPLEdge()(dict(img_path='1.jpg', img_shape=(4, 4)))
    with pytest.raises(ValueError, match='camera_crop'):
        RenderSMPLEdge('crop', body_model='standin')(sample(person(), input_size=(64, 64)))


@pytest.mark.parametrize(
    'settings',
    [dict(space='both'), dict(mode='none'), dict(values='soft'), dict(dilation=2), dict(key='x')],
)
def test_unknown_settings_are_refused(settings):
    with pytest.raises(ValueError, match='got'):
        RenderSMPLEdge(**settings)

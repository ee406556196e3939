import dataclasses

import cv2
import numpy as np
import pytest

from mmpose_ext.body_models import load_body_model
from mmpose_ext.geometry import PinholeCamera
from mmpose_ext.rendering import amodal_masks
from mmpose_ext.synthetic.scene import OBJECT_ID, STYLES, ScenePerson, render_scene

CAMERA = PinholeCamera(180, 180, 95.5, 71.5, 192, 144)


@pytest.fixture(scope='module')
def body():
    return load_body_model('standin')


@pytest.fixture(scope='module')
def people(body):
    """Two people in front of the camera, the second one farther away and partly hidden."""
    positions = [(-0.5, 0.2, 2.5), (0.4, 0.2, 4.0)]
    return [
        ScenePerson(body.v_template * [1, -1, -1] + position, body, seed)
        for seed, position in enumerate(positions)
    ]


def render(people, style='coco', seed=0, **changes):
    style = dataclasses.replace(STYLES[style], **changes)
    return render_scene(people, CAMERA, style, np.random.default_rng(seed))


@pytest.mark.parametrize('style', STYLES)
def test_same_seed_same_picture(people, style):
    first, second, other = (render(people, style, seed) for seed in (3, 3, 4))
    for name in ('image', 'person_ids', 'depth'):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert (first.image != other.image).mean() > 0.5


def test_ids_agree_with_depth_and_silhouettes(people):
    scene = render(people, occluders=0)
    assert scene.image.shape == (144, 192, 3)
    assert scene.image.dtype == np.uint8
    assert set(np.unique(scene.person_ids)) == {-1, 0, 1}
    assert (np.isfinite(scene.depth) == (scene.person_ids >= 0)).all()
    masks = amodal_masks([p.vertices for p in people], people[0].body.faces, CAMERA)
    masks[1] &= ~masks[0]
    for person, mask in enumerate(masks):
        seen = scene.person_ids == person
        # Hair and clothing make people a little thicker than their bodies.
        assert (seen & mask).sum() > 0.93 * mask.sum()
        around = cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8))
        assert (seen & (around == 0)).sum() == 0
        distance = people[person].vertices[:, 2].mean()
        assert np.median(scene.depth[seen]) == pytest.approx(distance, abs=0.3)


def test_objects_hide_people_and_are_nearer(people):
    without, scene = render(people, occluders=0), render(people, occluders=12)
    hidden = scene.person_ids == OBJECT_ID
    assert hidden.sum() > 200
    assert (scene.depth[hidden] < without.depth[hidden]).all()
    np.testing.assert_array_equal(scene.depth[~hidden], without.depth[~hidden])
    np.testing.assert_array_equal(scene.person_ids[~hidden], without.person_ids[~hidden])


def test_nobody():
    scene = render([])
    assert (scene.person_ids == -1).all()
    assert np.isinf(scene.depth).all()


def test_people_behind_the_camera_and_across_it(body):
    behind = ScenePerson(body.v_template - np.array([0, 0, 5]), body, 0)
    # Head first towards the camera and past it.
    lying = body.v_template[:, [0, 2, 1]] * [1, 1, -1]
    across = ScenePerson(lying + [0, 0.3, 0.3], body, 1)
    ids = render([behind, across], occluders=3).person_ids
    assert 0 not in ids
    assert 1 in ids


def test_rejects_vertices_that_are_not_finite(body):
    vertices = body.v_template + np.array([0, 0, 3])
    vertices[17] = np.nan
    with pytest.raises(ValueError, match='person 0'):
        render([ScenePerson(vertices, body, 0)])


def test_styles_differ_in_what_a_video_frame_loses(people):
    def detail_and_contrast(style):
        greys = [
            cv2.cvtColor(render(people, style, seed).image, cv2.COLOR_BGR2GRAY)
            for seed in range(16)
        ]
        return np.median([[cv2.Laplacian(g, cv2.CV_64F).std(), g.std()] for g in greys], axis=0)

    coco, mpii = detail_and_contrast('coco'), detail_and_contrast('mpii')
    assert (coco > 1.2 * mpii).all()


@pytest.mark.parametrize('style', STYLES)
@pytest.mark.parametrize('size', [(33, 17), (1500, 1200)])
def test_any_image_size(people, style, size):
    width, height = size
    camera = PinholeCamera(height, height, width / 2, height / 2, width, height)
    scene = render_scene(people, camera, STYLES[style], np.random.default_rng(0))
    assert scene.image.shape == (height, width, 3)

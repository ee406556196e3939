from dataclasses import replace

import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera, project
from mmpose_ext.synthetic.domains import DOMAINS
from mmpose_ext.synthetic.layout import PlacedPerson, sample_layout
from mmpose_ext.synthetic.observation import observe


@pytest.fixture(scope='module', params=DOMAINS)
def layouts(request, bodies):
    domain = DOMAINS[request.param]
    return domain, [sample_layout(domain, bodies, np.random.default_rng([1, i])) for i in range(60)]


def test_people_stand_on_the_ground_and_not_in_it(layouts):
    domain, scenes = layouts
    grounded = 0
    for scene in scenes:
        for person in scene.people:
            above = person.vertices @ scene.ground.normal + scene.ground.height
            assert above.min() > -1e-3
            assert above.min() < 1e-3 or person.activity in ('running', 'jumping', 'arms_up')
            grounded += above.min() < 1e-3
    assert grounded > 30


def test_people_do_not_overlap_in_space(layouts):
    for scene in layouts[1]:
        up = scene.ground.normal
        axes = np.stack([*scene.ground.axes(), up])
        boxes = [(p.vertices @ axes.T) for p in scene.people]
        for i, first in enumerate(boxes):
            for second in boxes[:i]:
                low = np.maximum(first.min(0), second.min(0))
                high = np.minimum(first.max(0), second.max(0))
                # The camera's axes are the world's up to its roll.
                assert (high - low).min() < 0.15


def test_main_person_is_mostly_in_the_image(layouts):
    domain, scenes = layouts
    shares = []
    for scene in scenes:
        pixels = project(scene.people[0].vertices, scene.camera)
        limit = [scene.camera.width, scene.camera.height]
        shares.append(((pixels >= 0) & (pixels < limit)).all(-1).mean())
    assert np.mean(shares) > 0.75
    # Some are cut by the border, as in the data sets.
    assert 0.03 < np.mean(np.array(shares) < 0.98) < 0.8


def test_pose_and_translation_give_the_vertices(layouts):
    for scene in layouts[1][:10]:
        for person in scene.people:
            vertices, _ = person.body.skin(person.betas, person.pose, person.transl)
            assert np.abs(vertices - person.vertices).max() < 2e-5


def test_number_of_people_and_sizes_vary(layouts):
    domain, scenes = layouts
    assert {len(scene.people) for scene in scenes} >= {1, 2, 3}
    assert {(s.camera.width, s.camera.height) for s in scenes} == set(domain.image_sizes)


def test_same_random_state_gives_the_same_layout(bodies):
    first, second = (
        sample_layout(DOMAINS['coco'], bodies, np.random.default_rng(9)) for _ in range(2)
    )
    assert first.camera == second.camera
    for one, other in zip(first.people, second.people, strict=True):
        assert np.array_equal(one.vertices, other.vertices)


@pytest.fixture
def facing(bodies):
    """One person in the rest pose, three metres away, who looks at the camera."""
    body = bodies['male']
    camera = PinholeCamera(200, 200, 99.5, 119.5, 200, 240)
    vertices = body.v_template * [1, -1, -1] + [0, -0.3, 3]
    person = PlacedPerson(
        body=body,
        betas=np.zeros(10),
        pose=np.array([[np.pi, 0, 0], *[[0, 0, 0]] * 23]),
        transl=np.array([0, -0.3, 3]),
        activity='standing',
        vertices=vertices.astype(np.float32),
        appearance_seed=0,
    )
    return person, camera


def rendered(person, camera):
    from mmpose_ext.rendering import rasterize

    return rasterize([person.vertices], person.body.faces, camera)


def test_someone_who_faces_the_camera_has_left_on_the_right_and_everything_visible(facing):
    person, camera = facing
    result = rendered(person, camera)
    seen = observe([person], camera, result.person_ids, result.depth)[0]
    pixels = seen.coco17.pixels
    assert (pixels[1::2, 0] > pixels[2::2, 0]).all()
    ears = [3, 4]
    assert np.delete(seen.coco17.visible, ears).all()
    assert seen.area == (result.person_ids == 0).sum() == seen.mask.sum()


def test_someone_who_turns_away_shows_no_face(facing):
    person, camera = facing
    turned = (person.vertices - [0, 0, 3]) * [-1, 1, -1] + [0, 0, 3]
    person = replace(person, vertices=turned.astype(np.float32))
    result = rendered(person, camera)
    seen = observe([person], camera, result.person_ids, result.depth)[0]
    assert not seen.coco17.visible[:3].any()
    assert not seen.coco17.covered.any()
    assert seen.coco17.visible[5:].all()


def test_a_board_in_front_covers_what_is_behind_it(facing):
    person, camera = facing
    result = rendered(person, camera)
    knees = seen_rows = observe([person], camera, result.person_ids, result.depth)[0]
    row = int((seen_rows.coco17.pixels[11, 1] + seen_rows.coco17.pixels[13, 1]) / 2)
    result.depth[row:] = 1
    result.person_ids[row:] = -2
    seen = observe([person], camera, result.person_ids, result.depth)[0].coco17
    below = np.arange(17) >= 13
    assert np.array_equal(seen.covered, below)
    assert np.array_equal(seen.visible, knees.coco17.visible & ~below)


def test_nobody_is_observed_without_a_pixel(facing):
    person, camera = facing
    empty = np.full((camera.height, camera.width), -1, np.int16)
    assert observe([person], camera, empty, np.full(empty.shape, np.inf, np.float32)) == [None]

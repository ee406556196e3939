from itertools import combinations

import numpy as np
import pytest

from mmpose_ext.geometry import project
from mmpose_ext.synthetic.layout import sample_layout
from mmpose_ext.synthetic.mesh_domains import MESH_DOMAINS
from mmpose_ext.synthetic.own_cameras import give_own_cameras


@pytest.fixture(scope='module')
def scenes(neutral):
    scenes = []
    for index in range(12):
        rng = np.random.default_rng([7, index])
        layout = sample_layout(MESH_DOMAINS['wild'], dict(neutral=neutral), rng)
        scenes.append((layout, give_own_cameras(layout.people, layout.camera, rng)))
    return scenes


def in_own_camera(fit):
    person = fit.person
    vertices, joints = person.body.skin(person.betas, person.pose, person.transl)
    return vertices.astype(np.float64), joints.astype(np.float64)


def test_a_rigid_body_in_the_own_camera_has_the_image_of_the_picture(scenes):
    for layout, fits in scenes:
        for fit in fits:
            vertices, _ = in_own_camera(fit)
            seen = project(fit.person.vertices.astype(np.float64), layout.camera)
            assert np.abs(project(vertices, fit.camera) - seen).max() < 0.01


def test_cameras_differ_in_everything(scenes):
    cameras = [fit.camera for _, fits in scenes for fit in fits]
    for one, other in combinations(cameras, 2):
        assert one.fx != other.fx and one.fy != other.fy and one.cx != other.cx
    assert np.ptp([camera.fx / camera.fy for camera in cameras]) > 0.05
    zooms = [fit.camera.fx / layout.camera.fx for layout, fits in scenes for fit in fits]
    assert min(zooms) < 1 < 1.5 < max(zooms)


def test_root_joints_stay_where_they_were_and_bodies_nearly(scenes):
    for layout, fits in scenes:
        for before, fit in zip(layout.people, fits, strict=True):
            _, joints = before.body.skin(before.betas, before.pose, before.transl)
            _, own = in_own_camera(fit)
            assert np.allclose(
                project(own[0], fit.camera), project(joints[0], layout.camera), atol=0.01
            )
            # Depth in the picture: the focal length's share of the depth in the own camera.
            assert own[0, 2] * layout.camera.fx / fit.camera.fx == pytest.approx(
                joints[0, 2], rel=1e-4
            )
            size = np.ptp(project(before.vertices, layout.camera), axis=0).max()
            moved = project(fit.person.vertices, layout.camera) - project(
                before.vertices, layout.camera
            )
            assert np.abs(moved).mean() < 0.1 * size


def test_shape_is_not_touched(scenes):
    for layout, fits in scenes:
        for before, fit in zip(layout.people, fits, strict=True):
            assert np.array_equal(before.betas, fit.person.betas)
            assert np.allclose(before.pose[1:], fit.person.pose[1:], atol=1e-6)

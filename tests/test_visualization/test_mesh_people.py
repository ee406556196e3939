import numpy as np
import pytest
import torch

from mmpose_ext.body_models import load_body_model
from mmpose_ext.geometry import PinholeCamera, predicted_to_image, project
from mmpose_ext.visualization import MeshBodies, MeshPerson
from mmpose_ext.visualization.mesh_people import arrange, diagonal_camera


@pytest.fixture(scope='module')
def bodies():
    return MeshBodies('standin')


def test_predicted_body_lies_where_the_network_saw_it(bodies, make_sample):
    sample = make_sample(box=(80, 20, 280, 220))
    person = bodies.predicted(sample)
    expected = predicted_to_image(
        sample.pred_instances.vertices[0],
        sample.pred_instances.camera[0],
        np.array([80.0, 20, 200, 200]),
        camera='image',
    )
    np.testing.assert_allclose(project(person.vertices, person.camera), expected, atol=1e-6)
    assert (person.camera.width, person.camera.height) == (320, 240)


def test_parameters_of_a_predicted_body_give_its_mesh(bodies, body, make_sample):
    person = bodies.predicted(make_sample(3))
    skinned, _ = body.skin(person.betas, person.pose, person.transl)
    # float32 at a distance of some 30 m.
    np.testing.assert_allclose(skinned, person.vertices, atol=2e-5)


def test_tensors_are_read_like_arrays(bodies, make_sample):
    sample, expected = make_sample(), bodies.predicted(make_sample())
    for key in ('smpl_pose', 'smpl_betas', 'vertices', 'transl', 'bboxes'):
        tensor = torch.tensor(sample.pred_instances[key], requires_grad=True)
        sample.pred_instances[key] = tensor
    np.testing.assert_array_equal(bodies.predicted(sample).vertices, expected.vertices)


def test_prediction_of_another_body_model_is_refused(bodies, make_sample):
    sample = make_sample()
    sample.pred_instances.vertices = np.zeros((1, 12, 3))
    with pytest.raises(ValueError, match='mesh has 12 vertices, expected .* of the body model'):
        bodies.predicted(sample)


def test_labelled_body_has_its_gender_and_camera(bodies, make_sample):
    sample = make_sample(gender='male')
    person = bodies.labelled(sample)
    labels = sample.gt_instances
    expected, _ = load_body_model('standin', 'male').skin(
        labels.smpl_betas[0], labels.smpl_pose[0], labels.smpl_transl[0]
    )
    np.testing.assert_array_equal(person.vertices, expected)
    assert person.camera == PinholeCamera(300, 310, 160, 115, 320, 240)


def test_person_without_a_valid_fit_has_no_labelled_body(bodies, make_sample):
    sample = make_sample()
    sample.gt_instances.smpl_valid = np.zeros(1)
    assert bodies.labelled(sample) is None
    del sample.gt_instances.smpl_pose
    assert bodies.labelled(sample) is None
    del sample.gt_instances
    assert bodies.labelled(sample) is None


def person(center, camera):
    vertices = np.random.default_rng(0).normal(0, 0.3, (40, 3))
    vertices += center - vertices.mean(0)
    zeros = np.zeros
    return MeshPerson(vertices, camera, zeros((24, 3)), zeros(10), np.array(center) - 0.1)


def test_arranged_people_keep_shape_and_the_pixel_of_their_middle():
    cameras = [
        PinholeCamera(5000, 5000, 90, 70, 320, 240),
        PinholeCamera(5000, 5000, 250, 130, 320, 240),
    ]
    people = [
        person(center, camera) for center, camera in zip([(0.1, 0, 20), (0.2, 0.1, 40)], cameras)
    ]
    arranged = arrange(people)
    for before, after in zip(people, arranged):
        shift = after.vertices - before.vertices
        np.testing.assert_allclose(shift, np.tile(shift[0], (40, 1)), atol=1e-12)
        np.testing.assert_allclose(after.transl - before.transl, shift[0], atol=1e-12)
        # 320 x 240 has a diagonal of 400.
        assert after.camera == PinholeCamera(400, 400, 159.5, 119.5, 320, 240)
        old, new = before.vertices.mean(0), after.vertices.mean(0)
        np.testing.assert_allclose(project(new, after.camera), project(old, before.camera))
        np.testing.assert_allclose(new[2], old[2] * 400 / 5000)


def test_people_of_one_camera_stay_unless_another_is_asked_for():
    camera = PinholeCamera(300, 310, 160, 115, 320, 240)
    people = [person((0, 0, 3), camera), person((1, 0, 4), camera)]
    for before, after in zip(people, arrange(people)):
        np.testing.assert_allclose(after.vertices, before.vertices, atol=1e-12)
        assert after.camera == camera
    assert arrange(people, diagonal_camera(320, 240))[0].camera.fx == 400
    assert arrange([]) == []

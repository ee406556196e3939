import numpy as np
import pytest
from scipy.spatial import cKDTree

from mmpose_ext.body_models import (
    JOINTS,
    PARENTS,
    load_standin,
    mirror_name,
    standin_vertex_ids,
    write_standin,
)

GENDERS = ('neutral', 'male', 'female')


def joint(name: str) -> int:
    return JOINTS.index(name)


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = np.moveaxis(vertices[faces].astype(np.float64), 1, 0)
    return float((a * np.cross(b, c)).sum() / 6)


def winding_number(point: np.ndarray, vertices: np.ndarray, faces: np.ndarray) -> float:
    """1 inside a closed surface and 0 outside, from solid angles (Van Oosterom, Strackee 1983)."""
    a, b, c = np.moveaxis(vertices[faces].astype(np.float64) - point, 1, 0)
    la, lb, lc = (np.linalg.norm(x, axis=1) for x in (a, b, c))
    ab, bc, ca = (a * b).sum(1), (b * c).sum(1), (c * a).sum(1)
    numerator = (a * np.cross(b, c)).sum(1)
    angles = 2 * np.arctan2(numerator, la * lb * lc + ab * lc + bc * la + ca * lb)
    return float(angles.sum() / (4 * np.pi))


def mirror_vertices(vertices: np.ndarray) -> np.ndarray:
    """Index of the vertex at each vertex's mirror image, found by position."""
    distance, index = cKDTree(vertices).query(vertices * [-1, 1, 1])
    assert distance.max() < 1e-5
    return index


@pytest.mark.parametrize('gender', GENDERS)
def test_surface_is_closed_oriented_and_without_holes(gender):
    body = load_standin(gender)
    assert body.v_template.shape == (6890, 3)
    assert body.faces.shape == (13776, 3)
    edges = np.concatenate([body.faces[:, [0, 1]], body.faces[:, [1, 2]], body.faces[:, [2, 0]]])
    assert len(np.unique(edges, axis=0)) == len(edges), 'two faces run along an edge the same way'
    undirected, count = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    assert (count == 2).all()
    assert 6890 - len(undirected) + 13776 == 2
    assert volume(body.v_template, body.faces) > 0.04, 'normals should point outwards'


@pytest.mark.parametrize('gender', GENDERS)
def test_weights_and_regressors_are_averages(gender):
    body = load_standin(gender)
    for matrix in (body.weights, body.J_regressor, *body.regressors.values()):
        assert (matrix >= 0).all()
        np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-5)
    assert (body.weights > 0).sum(1).max() <= 8


def test_axes_and_t_pose_are_smpls():
    body = load_standin()
    _, joints = body.shape(np.zeros(1))
    assert joints[joint('head'), 1] > joints[joint('pelvis'), 1] > joints[joint('left_foot'), 1]
    assert joints[joint('left_hand'), 0] > 0.6
    np.testing.assert_allclose(joints[joint('pelvis')], [0, -0.2233, 0.0282], atol=5e-3)
    for side in ('left', 'right'):
        assert joints[joint(f'{side}_foot'), 2] > joints[joint(f'{side}_ankle'), 2] + 0.1
        arm = joints[[joint(f'{side}_{part}') for part in ('shoulder', 'elbow', 'wrist')]]
        assert np.ptp(arm[:, 1]) < 0.01
        assert np.ptp(arm[:, 2]) < 0.01
        leg = joints[joint(f'{side}_ankle')] - joints[joint(f'{side}_hip')]
        assert abs(leg[0]) < 0.05


@pytest.mark.parametrize('gender', GENDERS)
def test_left_mirrors_right(gender):
    body = load_standin(gender)
    flip = mirror_vertices(body.v_template)
    swap = [joint(mirror_name(name)) for name in JOINTS]
    np.testing.assert_array_equal(flip[flip], np.arange(body.num_vertices))
    np.testing.assert_allclose(body.weights[flip][:, swap], body.weights, atol=1e-3)
    np.testing.assert_allclose(
        body.shapedirs[flip] * np.array([-1, 1, 1])[:, None], body.shapedirs, atol=1e-4
    )
    rng = np.random.default_rng(0)
    pose, betas = rng.normal(0, 0.4, (24, 3)), rng.normal(size=10)
    vertices, joints = body.skin(betas, pose)
    # A reflection of x keeps the x part of a rotation vector and reverses the others.
    mirrored, mirrored_joints = body.skin(betas, pose[swap] * [1, -1, -1])
    centre = joints[0] * [1, 0, 0] + mirrored_joints[0] * [1, 0, 0]
    np.testing.assert_allclose(mirrored[flip], vertices * [-1, 1, 1] + centre, atol=5e-3)
    np.testing.assert_allclose(mirrored_joints[swap], joints * [-1, 1, 1] + centre, atol=5e-3)


@pytest.mark.parametrize('gender', GENDERS)
def test_first_parameter_is_height_second_is_weight(gender):
    body = load_standin(gender)
    people = [body.shape(np.array([beta]))[0] for beta in (-2.0, 0.0, 2.0)]
    heights = [np.ptp(person[:, 1]) for person in people]
    assert heights[0] + 0.1 < heights[1] < heights[2] - 0.1
    assert 1.4 < heights[0] < heights[2] < 2.0
    people = [body.shape(np.array([0, beta]))[0] for beta in (-2.0, 0.0, 2.0)]
    volumes = [volume(person, body.faces) for person in people]
    assert volumes[0] * 1.15 < volumes[1] < volumes[2] / 1.15
    assert np.ptp([np.ptp(person[:, 1]) for person in people]) < 0.02


def test_every_parameter_changes_the_body():
    body = load_standin()
    for k in range(10):
        change = np.linalg.norm(body.shapedirs[..., k], axis=1)
        assert change.max() > 2e-3, k


def test_genders_differ_in_height():
    heights = {gender: np.ptp(load_standin(gender).v_template[:, 1]) for gender in GENDERS}
    assert heights['female'] + 0.05 < heights['male']
    assert heights['female'] < heights['neutral'] < heights['male']


@pytest.mark.parametrize('gender', GENDERS)
def test_joints_lie_inside_the_body(gender):
    body = load_standin(gender)
    rng = np.random.default_rng(3)
    for betas in (np.zeros(10), *rng.normal(size=(2, 10))):
        vertices, joints = body.shape(betas)
        for name, place in zip(JOINTS, joints, strict=True):
            assert winding_number(place, vertices, body.faces) > 0.9, name


def test_limbs_keep_their_thickness_when_they_bend():
    body = load_standin()
    rest, _ = body.shape(np.zeros(1))
    for name, rotation in {
        'left_knee': [1.9, 0, 0],
        'left_elbow': [0, -1.9, 0],
        'left_hip': [-1.6, 0, 0],
        'left_shoulder': [0, 0, 1.1],
    }.items():
        pose = np.zeros((24, 3))
        pose[joint(name)] = rotation
        posed, _ = body.skin(np.zeros(1), pose)
        ratio = volume(posed, body.faces) / volume(rest, body.faces)
        assert 0.95 < ratio < 1.05, name
        edge = body.faces[:, :2]
        near = body.weights[edge, [[joint(name)]]].min(1) > 0.3
        stretch = np.linalg.norm(np.subtract(*posed[edge[near]].swapaxes(0, 1)), axis=1)
        stretch /= np.linalg.norm(np.subtract(*rest[edge[near]].swapaxes(0, 1)), axis=1)
        assert np.percentile(stretch, 99) < 2.5, name


def test_weights_follow_the_skeleton():
    """A vertex is moved by joints that are neighbours in the skeleton, or nearly."""
    body = load_standin()
    order = np.argsort(-body.weights, axis=1)[:, :2]
    both = np.take_along_axis(body.weights, order, 1).min(1) > 0.2
    ancestors = []
    for k in range(24):
        chain = [k]
        while PARENTS[chain[-1]] >= 0:
            chain.append(PARENTS[chain[-1]])
        ancestors.append(chain)
    for first, second in order[both]:
        path = set(ancestors[first]) ^ set(ancestors[second])
        assert len(path) <= 4, (JOINTS[first], JOINTS[second])


def test_landmarks_are_on_their_side_and_at_the_ends():
    body = load_standin()
    names = standin_vertex_ids()
    expected = pytest.importorskip('smplx.vertex_ids').vertex_ids['smplh']
    assert set(names) == set(expected)
    places = {name: body.v_template[vertex] for name, vertex in names.items()}
    for name, place in places.items():
        if name != 'nose':
            assert (place[0] > 0) == (name[0] in 'lL'), name
    assert abs(places['nose'][0]) < 0.01
    assert places['LHeel'][2] < places['LSmallToe'][2] < places['LBigToe'][2]
    assert places['lthumb'][2] > places['lindex'][2] > places['lpinky'][2]
    assert places['lmiddle'][0] > body.v_template[:, 0].max() - 0.005


def test_arrays_are_shared_and_read_only():
    assert load_standin() is load_standin('neutral')
    with pytest.raises(ValueError, match='read-only'):
        load_standin().v_template[0] = 0


def test_unknown_gender_is_an_error():
    with pytest.raises(ValueError, match="gender got 'men'"):
        load_standin('men')


def test_write_standin_lists_what_it_wrote(tmp_path):
    written = write_standin(tmp_path / 'standin')
    assert {path.name for path in written} == {
        path.name for path in (tmp_path / 'standin').iterdir()
    }
    assert {'SMPL_MALE.pkl', 'SMPL_MALE.npz', 'J_regressor_h36m.npy'} <= {p.name for p in written}

import json
import struct
import sys

import numpy as np
import pytest
import trimesh

from mmpose_ext.geometry import PinholeCamera, project
from mmpose_ext.visualization import MeshBodies, save_meshes, save_smpl_parameters

CAMERA = PinholeCamera(300, 310, 160, 115, 320, 240)


@pytest.fixture(scope='module')
def person(make_sample):
    return MeshBodies('standin').labelled(make_sample())


def load(path, **options):
    """Meshes of a file by name."""
    scene = trimesh.load_scene(path, process=False, **options)
    return {name: scene.geometry[name] for name in sorted(scene.geometry)}


@pytest.mark.parametrize('kind', ['obj', 'glb', 'ply'])
@pytest.mark.parametrize(('axes', 'signs'), [({}, (1, -1, -1)), (dict(axes='camera'), (1, 1, 1))])
def test_round_trip_of_one_person(tmp_path, body, person, kind, axes, signs):
    path = save_meshes(tmp_path / f'a.{kind}', [person.vertices], body.faces, **axes)
    (mesh,) = load(path, maintain_order=True).values()
    np.testing.assert_array_equal(mesh.faces, body.faces)
    np.testing.assert_allclose(mesh.vertices, person.vertices * signs, atol=1e-6)
    # A mirrored body would be inside out.
    assert 0.03 < mesh.volume < 0.15


def test_body_stands_upright_and_faces_the_viewer(tmp_path, body, person):
    path = save_meshes(tmp_path / 'a.glb', [person.vertices], body.faces)
    (mesh,) = load(path, maintain_order=True).values()
    joints = body.J_regressor @ mesh.vertices
    pelvis, left_hip, right_hip, left_foot, head = joints[[0, 1, 2, 10, 15]]
    assert head[1] > pelvis[1] + 0.3 > left_foot[1] + 0.9
    # Of someone who looks at the viewer, the left side is on the right.
    assert left_hip[0] > right_hip[0]
    assert left_foot[2] > joints[7, 2]
    # The camera looks along -z.
    assert mesh.vertices[:, 2].max() < -2


@pytest.mark.parametrize('kind', ['obj', 'glb', 'ply'])
def test_vertices_that_coincide_are_not_merged(tmp_path, kind):
    # Two triangles with an edge in common whose ends they do not share.
    corners = np.array([[0.0, 0, 2], [1, 0, 2], [0, 1, 2], [1, 1, 2]])
    vertices, faces = corners[[0, 1, 2, 1, 3, 2]], np.arange(6).reshape(2, 3)
    path = save_meshes(tmp_path / f'a.{kind}', [vertices], faces, axes='camera')
    (mesh,) = load(path, maintain_order=True).values()
    np.testing.assert_allclose(mesh.vertices, vertices, atol=1e-6)
    np.testing.assert_array_equal(mesh.faces, faces)


@pytest.mark.parametrize('kind', ['obj', 'glb'])
def test_people_are_named_objects(tmp_path, make_ball, kind):
    balls = [make_ball((i, 0, 4), 0.2, 100 + 50 * i) for i in range(2)]
    path = save_meshes(tmp_path / f'a.{kind}', *zip(*balls), names=['left', 'right'], axes='camera')
    meshes = load(path, split_objects=True)
    assert list(meshes) == ['left', 'right']
    for mesh, (vertices, faces) in zip(meshes.values(), balls):
        np.testing.assert_allclose(mesh.triangles, vertices[faces], atol=1e-6)


def test_people_of_own_cameras_are_written_in_the_first_ones(tmp_path, make_ball):
    first, faces = make_ball((0, 0, 3))
    second, _ = make_ball((1, 0, 30))
    camera = PinholeCamera(2500, 2400, 40, 200, 320, 240)
    path = save_meshes(tmp_path / 'a.ply', [first, second], faces, [CAMERA, camera], axes='camera')
    (mesh,) = load(path).values()
    found = mesh.vertices[len(first) :]
    np.testing.assert_allclose(project(found, CAMERA), project(second, camera), atol=1e-3)
    np.testing.assert_allclose(found[:, 2], second[:, 2] * 300 / 2500, atol=1e-5)


@pytest.mark.parametrize('kind', ['obj', 'ply'])
def test_colors_are_those_of_vertices(tmp_path, make_ball, kind):
    vertices, faces = make_ball((0, 0, 3))
    path = save_meshes(tmp_path / f'a.{kind}', [vertices], faces, colors=[(10, 120, 240)])
    (mesh,) = load(path).values()
    assert (mesh.visual.vertex_colors[:, :3] == (10, 120, 240)).all()


def test_glb_is_matt_in_linear_color_and_lit_smoothly(tmp_path, make_ball):
    vertices, faces = make_ball((0, 0, 3))
    content = save_meshes(
        tmp_path / 'a.glb', [vertices], faces, colors=[(0, 188, 255)]
    ).read_bytes()
    magic, version, _, length, _ = struct.unpack('<4sIIII', content[:20])
    assert (magic, version) == (b'glTF', 2)
    tree = json.loads(content[20 : 20 + length])
    (material,) = tree['materials']
    material = material['pbrMetallicRoughness']
    assert material['metallicFactor'] == 0
    # 188 of 255 is half of the light.
    np.testing.assert_allclose(material['baseColorFactor'], [0, 0.5, 1, 1], atol=0.01)
    assert 'NORMAL' in tree['meshes'][0]['primitives'][0]['attributes']


@pytest.mark.parametrize(
    ('name', 'arguments', 'message'),
    [
        ('a.stl', {}, r"format got \['stl'\], expected some of \['obj', 'glb', 'ply'\]"),
        ('a', {}, r"format got \[''\]"),
        ('a.obj', dict(axes='z_up'), "axes got 'z_up'"),
        ('a.obj', dict(vertices_list=[]), 'got no people'),
        ('a.obj', dict(names=['x', 'y']), r"1 people got .* names \['x', 'y'\]"),
        ('a.obj', dict(colors=[(1, 2)]), r'1 people got colors of shape \(1, 2\)'),
        ('a.obj', dict(vertices_list=[np.full((4, 3), np.nan)]), 'person_0 got NaN'),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, make_ball, name, arguments, message):
    vertices, faces = make_ball((0, 0, 3))
    with pytest.raises(ValueError, match=message):
        save_meshes(tmp_path / name, **(dict(vertices_list=[vertices], faces=faces) | arguments))
    assert not list(tmp_path.iterdir())


def test_parameters_and_camera_give_mesh_and_pixels(tmp_path, body, make_sample):
    people = [MeshBodies('standin').predicted(make_sample(i)) for i in range(2)]
    path = save_smpl_parameters(
        tmp_path / 'new' / 'a.npz',
        [p.pose for p in people],
        [p.betas for p in people],
        [p.transl for p in people],
        [p.camera for p in people],
        ids=[8, 3],
    )
    assert [file.name for file in path.parent.iterdir()] == ['a.npz']
    with np.load(path) as found:
        assert found['ids'].tolist() == [8, 3]
        assert found['image_size'].tolist() == [320, 240]
        for i, person in enumerate(people):
            vertices, _ = body.skin(found['betas'][i], found['pose'][i], found['transl'][i])
            np.testing.assert_allclose(vertices, person.vertices, atol=2e-5)
            pixels = vertices @ found['camera'][i].T
            np.testing.assert_allclose(
                pixels[:, :2] / pixels[:, 2:], project(person.vertices, person.camera), atol=0.02
            )


def test_parameters_that_do_not_fit_are_refused(tmp_path):
    good = dict(pose=np.zeros((1, 24, 3)), betas=np.zeros((1, 10)), transl=np.zeros((1, 3)))
    for name, changed, message in [
        ('a.npy', {}, r"suffix '.npy', expected .npz"),
        ('a.npz', dict(pose=np.zeros((1, 72))), r'pose got shape \(1, 72\)'),
        ('a.npz', dict(transl=np.zeros((2, 3))), r'transl got shape \(2, 3\)'),
    ]:
        with pytest.raises(ValueError, match=message):
            save_smpl_parameters(tmp_path / name, **(good | changed), cameras=[CAMERA])
    with pytest.raises(ValueError, match=r'cameras got image sizes \[\], expected'):
        save_smpl_parameters(
            tmp_path / 'a.npz', np.zeros((0, 24, 3)), np.zeros((0, 10)), np.zeros((0, 3)), []
        )


def test_missing_library_is_named(tmp_path, make_ball, monkeypatch):
    monkeypatch.setitem(sys.modules, 'trimesh', None)
    vertices, faces = make_ball((0, 0, 3))
    with pytest.raises(ImportError, match='pip install trimesh'):
        save_meshes(tmp_path / 'a.obj', [vertices], faces)

import json
import struct

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from mmpose_ext.visualization import save_animated_mesh

NUMBERS = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
SIZES = {'SCALAR': 1, 'VEC3': 3, 'VEC4': 4, 'MAT4': 16}
Y_UP = np.diag([1.0, -1, -1])


class Reader:
    """Just enough of glTF 2.0 to play a skinned animation at its key frames."""

    def __init__(self, path):
        content = path.read_bytes()
        magic, version, length = struct.unpack_from('<4sII', content)
        assert (magic, version, length) == (b'glTF', 2, len(content))
        assert len(content) % 4 == 0
        size, kind = struct.unpack_from('<I4s', content, 12)
        assert kind == b'JSON'
        assert size % 4 == 0
        self.tree = json.loads(content[20 : 20 + size])
        rest, kind = struct.unpack_from('<I4s', content, 20 + size)
        assert kind == b'BIN\0'
        self.binary = content[28 + size :]
        assert len(self.binary) == rest
        assert rest - self.tree['buffers'][0]['byteLength'] in range(4)

    def array(self, number):
        accessor = self.tree['accessors'][number]
        view = self.tree['bufferViews'][accessor['bufferView']]
        dtype, width = np.dtype(NUMBERS[accessor['componentType']]), SIZES[accessor['type']]
        assert view['byteOffset'] % 4 == 0
        assert view['byteLength'] == accessor['count'] * width * dtype.itemsize
        assert view['byteOffset'] + view['byteLength'] <= len(self.binary)
        part = self.binary[view['byteOffset'] :][: view['byteLength']]
        rows = np.frombuffer(part, dtype).reshape(accessor['count'], width)
        for bound, value in (('min', rows.min(0)), ('max', rows.max(0))):
            if bound in accessor:
                np.testing.assert_array_equal(np.float32(accessor[bound]), value)
        return rows

    def vertices(self, frame):
        """Vertices of the scene at a key frame; frame None is the scene at rest."""
        tree = self.tree
        nodes = [dict(node) for node in tree['nodes']]
        (animation,) = tree['animations']
        for channel in animation['channels'] if frame is not None else ():
            sampler = animation['samplers'][channel['sampler']]
            target = channel['target']
            nodes[target['node']][target['path']] = self.array(sampler['output'])[frame]
        world = {}

        def visit(index, parent):
            local = np.eye(4)
            local[:3, :3] = Rotation.from_quat(
                nodes[index].get('rotation', [0, 0, 0, 1])
            ).as_matrix()
            local[:3, 3] = nodes[index].get('translation', [0, 0, 0])
            world[index] = parent @ local
            for child in nodes[index].get('children', ()):
                visit(child, world[index])

        for top in tree['scenes'][tree['scene']]['nodes']:
            visit(top, np.eye(4))
        (skin,) = tree['skins']
        bind = self.array(skin['inverseBindMatrices']).reshape(-1, 4, 4).swapaxes(1, 2)
        moves = np.stack([world[joint] for joint in skin['joints']]) @ bind
        attributes = tree['meshes'][0]['primitives'][0]['attributes']
        points = self.array(attributes['POSITION'])
        points = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        blended = 0
        for key in attributes:
            if key.startswith('JOINTS'):
                weights = self.array(attributes[key.replace('JOINTS', 'WEIGHTS')])
                blended = blended + np.einsum(
                    'vi,viab->vab', weights, moves[self.array(attributes[key])]
                )
        return np.einsum('vab,vb->va', blended, points)[:, :3]


@pytest.fixture(scope='module')
def motion():
    random = np.random.default_rng(3)
    start, step = random.normal(0, 0.4, (24, 3)), random.normal(0, 0.2, (24, 3))
    pose = start + step * np.linspace(0, 1, 4)[:, None, None]
    pose[:, 0] = [[np.pi - 0.1, 0.1 * i, 0.2] for i in range(4)]
    return dict(
        pose=pose,
        betas=random.normal(0, 1, 10),
        times=np.arange(4) / 25,
        transl=np.array([0.1, 0.2, 3]) + 0.1 * np.arange(4)[:, None],
    )


@pytest.fixture(scope='module')
def clip(motion, body, tmp_path_factory):
    return save_animated_mesh(tmp_path_factory.mktemp('clip') / 'new' / 'a.glb', body, **motion)


@pytest.mark.parametrize('frame', [0, 2, 3])
def test_every_key_frame_is_the_skinned_body(clip, body, motion, frame):
    betas, pose, transl = motion['betas'], motion['pose'][frame], motion['transl'][frame]
    expected, _ = body.skin(betas, pose, transl)
    np.testing.assert_allclose(Reader(clip).vertices(frame), expected @ Y_UP, atol=2e-5)


def test_a_viewer_that_does_not_play_shows_the_first_frame(clip):
    reader = Reader(clip)
    np.testing.assert_allclose(reader.vertices(None), reader.vertices(0), atol=1e-5)


def test_structure(clip, body):
    reader = Reader(clip)
    tree = reader.tree
    for number in range(len(tree['accessors'])):
        assert np.isfinite(reader.array(number)).all()
    (animation,) = tree['animations']
    assert len(animation['channels']) == len(animation['samplers']) == 25
    for sampler in animation['samplers']:
        times, values = reader.array(sampler['input']), reader.array(sampler['output'])
        np.testing.assert_allclose(times[:, 0], [0, 0.04, 0.08, 0.12], atol=1e-7)
        assert len(values) == 4
        if values.shape[1] == 4:
            np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1, atol=1e-6)
            assert ((values[1:] * values[:-1]).sum(1) > 0).all()
    attributes = tree['meshes'][0]['primitives'][0]['attributes']
    total = sum(reader.array(attributes[key]).sum(1) for key in attributes if 'WEIGHTS' in key)
    np.testing.assert_allclose(total, 1, atol=1e-6)
    assert max(reader.array(attributes[k]).max() for k in attributes if 'JOINTS' in k) < 24
    assert [node['name'] for node in tree['nodes'][:3]] == ['pelvis', 'left_hip', 'right_hip']
    views = [accessor['bufferView'] for accessor in tree['accessors']]
    assert views == list(range(len(tree['bufferViews'])))
    np.testing.assert_array_equal(
        reader.array(tree['meshes'][0]['primitives'][0]['indices']).reshape(-1, 3), body.faces
    )
    assert [p.name for p in clip.parent.iterdir()] == ['a.glb']


def test_trimesh_reads_the_body_at_rest(clip, body, motion):
    scene = trimesh.load_scene(clip, process=False)
    (mesh,) = scene.geometry.values()
    np.testing.assert_allclose(mesh.vertices, body.shape(motion['betas'])[0], atol=1e-6)
    np.testing.assert_array_equal(mesh.faces, body.faces)
    assert mesh.volume > 0.03


def test_left_is_on_the_right_of_the_viewer_and_the_head_is_up(tmp_path, body):
    pose = np.zeros((2, 24, 3))
    pose[:, 0] = np.pi, 0, 0
    path = save_animated_mesh(tmp_path / 'a.glb', body, pose, np.zeros((2, 10)), [0, 1])
    joints = body.J_regressor @ Reader(path).vertices(1)
    np.testing.assert_allclose(joints[0], 0, atol=0.02)
    assert joints[15, 1] > 0.4
    assert joints[1, 0] > 0.03 > -0.03 > joints[2, 0]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(path='a.gltf'), r"suffix '.gltf', expected .glb"),
        (dict(pose=np.zeros((4, 72))), r'pose got shape \(4, 72\), expected \(F, 24, 3\)'),
        (dict(times=[0, 1]), r'times got shape \(2,\), expected \(4,\)'),
        (dict(times=[0, 1, 1, 2]), 'expected ascending seconds'),
        (dict(transl=np.zeros((3, 3))), r'transl got shape \(3, 3\), expected \(4, 3\)'),
        (dict(betas=np.full(10, np.nan)), 'betas got NaN or infinity'),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, body, motion, change, message):
    arguments = {**motion, 'path': 'a.glb', **change}
    with pytest.raises(ValueError, match=message):
        save_animated_mesh(tmp_path / arguments.pop('path'), body, **arguments)
    assert not list(tmp_path.iterdir())

"""A body in motion as a file: glTF with SMPL's skeleton, its skin and an animation."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from mmpose_ext.body_models import JOINTS, BodyModel
from mmpose_ext.rendering import vertex_normals
from mmpose_ext.synthetic.files import write_atomically
from mmpose_ext.visualization.draw_mesh import person_colors
from mmpose_ext.visualization.mesh_files import AXES, linear_color

_COMPONENTS = {'u1': 5121, 'u2': 5123, 'u4': 5125, 'f4': 5126}
_KINDS = {1: 'SCALAR', 3: 'VEC3', 4: 'VEC4', 16: 'MAT4'}
_VERTEX_DATA, _INDICES = 34962, 34963
_INFLUENCES = 4


def save_animated_mesh(
    path: str | Path,
    body: BodyModel,
    pose: ArrayLike,
    betas: ArrayLike,
    times: ArrayLike,
    transl: ArrayLike | None = None,
    color: ArrayLike | None = None,
    name: str = 'person',
) -> Path:
    """Write the motion of one person as a binary glTF file, which Blender and browsers play.

    The file holds the body at rest once, SMPL's 24 joints as its skeleton, and their rotations over
    time: 0.4 MB for SMPL and 400 bytes for every frame. Axes are those of :func:`save_meshes`,
    y up. Joints can do no more than turn: the body has one shape, the mean of ``betas``, and SMPL's
    pose blend shapes, which make up for what skinning does to bent limbs, are left out. Meshes of
    single frames with everything: :func:`save_meshes`.

    Args:
        path: The file, ending with ``.glb``. It appears when it is complete.
        body: The body; its licence is that of the file.
        pose: Rotation vectors in radians, camera axes, (F, 24, 3).
        betas: Shape parameters, (B,), or (F, B) to take the mean of.
        times: When each frame is shown in seconds, ascending, (F,). Viewers interpolate.
        transl: SMPL's translation in metres, camera axes, (F, 3). By default the root joint stays
            at the origin.
        color: RGB, (3,); the first of :func:`person_colors` by default.
        name: Name of the object.

    Returns:
        ``path``.

    Raises:
        ValueError: If the file has another suffix, shapes do not fit, a value is not finite, or
            times do not ascend.
    """
    path = Path(path)
    if path.suffix.lower() != '.glb':
        raise ValueError(f'{path}: got suffix {path.suffix!r}, expected .glb')
    pose, betas, times = (np.asarray(each, np.float64) for each in (pose, betas, times))
    if pose.ndim != 3 or pose.shape[1:] != (len(JOINTS), 3) or not len(pose):
        raise ValueError(f'{path}: pose got shape {pose.shape}, expected (F, {len(JOINTS)}, 3)')
    frames = len(pose)
    betas = betas.mean(0) if betas.ndim == 2 else betas
    vertices, joints = body.shape(betas)
    root = np.zeros((frames, 3)) if transl is None else np.asarray(transl, float) + joints[0]
    for key, array, shape in (('times', times, (frames,)), ('transl', root, (frames, 3))):
        if array.shape != shape:
            raise ValueError(f'{path}: {key} got shape {array.shape}, expected {shape}')
    for key, array in (('pose', pose), ('betas', betas), ('times', times), ('transl', root)):
        if not np.isfinite(array).all():
            raise ValueError(f'{path}: {key} got NaN or infinity, expected numbers')
    if (np.diff(times) <= 0).any():
        raise ValueError(f'{path}: times got {times.tolist()}, expected ascending seconds')
    color = person_colors(1)[0] if color is None else np.asarray(color)

    arrays = _Arrays()
    mesh = _mesh(arrays, body, vertices, color)
    nodes, skin = _skeleton(arrays, body, joints)
    animation = _animate(arrays, nodes, _quaternions(pose), times, root)
    turn = Rotation.from_matrix(AXES['y_up']).as_quat().tolist()
    nodes.append(dict(name='y_up', rotation=turn, children=[0]))
    # A skin ignores where its node is; the joints alone place it.
    nodes.append(dict(name=name, mesh=0, skin=0))
    tree = dict(
        asset=dict(version='2.0', generator='mmpose_ext'),
        scene=0,
        scenes=[dict(nodes=[len(nodes) - 2, len(nodes) - 1])],
        nodes=nodes,
        meshes=[dict(mesh, name=name)],
        materials=[_material(color)],
        skins=[skin],
        animations=[dict(animation, name=name)],
        accessors=arrays.accessors,
        bufferViews=arrays.views,
        buffers=[dict(byteLength=len(arrays.content))],
    )
    return write_atomically(path, _glb(tree, bytes(arrays.content)))


class _Arrays:
    """The binary part of a file, and the description of each array in it."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.views: list[dict] = []
        self.accessors: list[dict] = []

    def add(
        self, array: np.ndarray, kind: str, target: int | None = None, bounds: bool = False
    ) -> int:
        """Append (N,) or (N, C) values; the number of their accessor."""
        rows = np.asarray(array).astype(f'<{kind}').reshape(len(array), -1)
        content = rows.tobytes()
        view = dict(buffer=0, byteOffset=len(self.content), byteLength=len(content))
        self.views.append(view if target is None else dict(view, target=target))
        # Every array starts at a multiple of four bytes.
        self.content += content + bytes(-len(content) % 4)
        accessor: dict[str, Any] = dict(
            bufferView=len(self.views) - 1,
            componentType=_COMPONENTS[kind],
            count=len(rows),
            type=_KINDS[rows.shape[1]],
        )
        if bounds:
            accessor |= dict(min=rows.min(0).tolist(), max=rows.max(0).tolist())
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def _mesh(arrays: _Arrays, body: BodyModel, vertices: np.ndarray, color: np.ndarray) -> dict:
    attributes = dict(
        POSITION=arrays.add(vertices, 'f4', _VERTEX_DATA, bounds=True),
        NORMAL=arrays.add(vertex_normals(vertices, body.faces), 'f4', _VERTEX_DATA),
    )
    # SMPL's vertices hang on at most four joints, those of other bodies maybe on more.
    order = np.argsort(-body.weights, axis=1, kind='stable')
    weights = np.take_along_axis(body.weights, order, axis=1)
    sets = -(-int((weights > 0).sum(1).max()) // _INFLUENCES)
    weights = weights / weights[:, : sets * _INFLUENCES].sum(1, keepdims=True)
    for index in range(sets):
        part = slice(index * _INFLUENCES, (index + 1) * _INFLUENCES)
        influences = np.where(weights[:, part] > 0, order[:, part], 0)
        attributes[f'JOINTS_{index}'] = arrays.add(influences, 'u1', _VERTEX_DATA)
        attributes[f'WEIGHTS_{index}'] = arrays.add(weights[:, part], 'f4', _VERTEX_DATA)
    # The largest number of a type ends a strip of triangles.
    kind = 'u2' if body.num_vertices < np.iinfo(np.uint16).max else 'u4'
    indices = arrays.add(body.faces.ravel(), kind, _INDICES)
    return dict(primitives=[dict(attributes=attributes, indices=indices, material=0)])


def _skeleton(arrays: _Arrays, body: BodyModel, joints: np.ndarray) -> tuple[list[dict], dict]:
    """Nodes of the joints, and the skin that hangs on them."""
    parents = body.parents
    nodes = []
    for index, joint in enumerate(JOINTS):
        parent = parents[index]
        offset = joints[index] - (joints[parent] if parent >= 0 else 0)
        node: dict[str, Any] = dict(name=joint, translation=offset.tolist())
        children = np.flatnonzero(parents == index).tolist()
        nodes.append(dict(node, children=children) if children else node)
    inverse = np.tile(np.eye(4), (len(JOINTS), 1, 1))
    inverse[:, :3, 3] = -joints
    # glTF has matrices column by column.
    bind = arrays.add(inverse.swapaxes(1, 2).reshape(len(JOINTS), 16), 'f4')
    skin = dict(joints=list(range(len(JOINTS))), skeleton=0, inverseBindMatrices=bind)
    return nodes, skin


def _animate(
    arrays: _Arrays,
    nodes: list[dict],
    quaternions: np.ndarray,
    times: np.ndarray,
    root: np.ndarray,
) -> dict:
    """The animation; nodes rest as its first frame, for viewers that do not play."""
    clock = arrays.add(times - times[0], 'f4', bounds=True)
    samplers, channels = [], []

    def drive(node: int, path: str, values: np.ndarray) -> None:
        nodes[node][path] = values[0].tolist()
        output = arrays.add(values, 'f4')
        channels.append(dict(sampler=len(samplers), target=dict(node=node, path=path)))
        samplers.append(dict(input=clock, output=output, interpolation='LINEAR'))

    drive(0, 'translation', root)
    for node in range(quaternions.shape[1]):
        drive(node, 'rotation', quaternions[:, node])
    return dict(samplers=samplers, channels=channels)


def _quaternions(pose: np.ndarray) -> np.ndarray:
    """Unit quaternions x, y, z, w, (F, 24, 4), each on the side of the one before."""
    turns = Rotation.from_rotvec(pose.reshape(-1, 3)).as_quat().reshape(*pose.shape[:2], 4)
    opposite = np.einsum('fjc,fjc->fj', turns[1:], turns[:-1]) < 0
    flips = np.where(np.cumsum(opposite, axis=0) % 2 == 1, -1.0, 1.0)
    turns[1:] *= flips[..., None]
    return turns


def _material(color: np.ndarray) -> dict:
    factor = [*linear_color(color), 1.0]
    surface = dict(baseColorFactor=factor, metallicFactor=0.0, roughnessFactor=0.8)
    return dict(pbrMetallicRoughness=surface)


def _glb(tree: dict, content: bytes) -> bytes:
    text = json.dumps(tree, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 4)
    chunks = b''.join(
        struct.pack('<I4s', len(chunk), kind) + chunk
        for chunk, kind in ((text, b'JSON'), (content, b'BIN\0'))
    )
    return struct.pack('<4sII', b'glTF', 2, 12 + len(chunks)) + chunks

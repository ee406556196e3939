"""Bodies as files for other programs: OBJ, GLB and PLY meshes, NPZ parameters."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_ext.geometry import PinholeCamera, unify_cameras
from mmpose_ext.rendering import vertex_normals
from mmpose_ext.synthetic.files import write_atomically
from mmpose_ext.visualization.draw_mesh import person_colors

MESH_FORMATS = ('obj', 'glb', 'ply')
AXES = {
    'y_up': np.diag([1.0, -1.0, -1.0]),
    'camera': np.eye(3),
}
"""Rotations from the camera's axes (x right, y down, z forward) to those of a file. Both are
right-handed. 'y_up' has x right, y up and z towards the camera, which stands at the origin and
looks along -z, as glTF defines it: a viewer opens the file upright and from the camera's side."""


def save_meshes(
    path: str | Path,
    vertices_list: Sequence[np.ndarray],
    faces: np.ndarray | Sequence[np.ndarray],
    cameras: Sequence[PinholeCamera] | None = None,
    colors: np.ndarray | None = None,
    names: Sequence[str] | None = None,
    axes: str = 'y_up',
) -> Path:
    """Write bodies into one file, in metres, with the order of vertices and faces kept.

    OBJ and GLB keep people apart as named objects, PLY has one mesh of all. Colours are those of
    vertices in OBJ and PLY, of a matt material in GLB.

    Args:
        path: The file; its suffix, one of :data:`MESH_FORMATS`, is its format. Its folder is made,
            and the file appears when it is complete.
        vertices_list: One (V_i, 3) array in metres per person, camera frame.
        faces: Faces of everybody, (F, 3), or one such array per person.
        cameras: One per person, to bring people with cameras of their own into that of the first
            one. By default all are in one camera already.
        colors: (N, 3) RGB; :func:`person_colors` by default.
        names: Name of each person's object; ``person_0``, ``person_1``, … by default.
        axes: A name of :data:`AXES`.

    Returns:
        ``path``.

    Raises:
        ValueError: If the format or the axes are unknown, there is nobody, numbers differ, or a
            vertex is not finite.
        ImportError: If trimesh is not installed.
    """
    path = Path(path)
    kind = path.suffix[1:].lower()
    check_formats([kind])
    if axes not in AXES:
        raise ValueError(f'axes got {axes!r}, expected one of {list(AXES)}')
    count = len(vertices_list)
    if count == 0:
        raise ValueError(f'{path}: got no people, expected at least one')
    colors = person_colors(count) if colors is None else np.asarray(colors)
    names = [f'person_{i}' for i in range(count)] if names is None else list(names)
    if not isinstance(faces, np.ndarray) and len(faces) != count:
        raise ValueError(f'got {len(faces)} arrays of faces, expected one per person ({count})')
    if colors.shape != (count, 3) or len(set(names)) != count:
        raise ValueError(
            f'{count} people got colors of shape {colors.shape} and names {names}, expected '
            f'({count}, 3) and {count} different ones'
        )
    if cameras is not None:
        vertices_list = unify_cameras(vertices_list, cameras)
    meshes = {}
    for index, (name, vertices) in enumerate(zip(names, vertices_list)):
        vertices = np.asarray(vertices, np.float64)
        if not np.isfinite(vertices).all():
            raise ValueError(f'{path}: vertices of {name} got NaN or infinity, expected numbers')
        own = faces if isinstance(faces, np.ndarray) else faces[index]
        meshes[name] = _mesh(vertices @ AXES[axes].T, np.asarray(own), colors[index], kind)
    return write_atomically(path, _encode(meshes, kind))


def save_smpl_parameters(
    path: str | Path,
    pose: np.ndarray,
    betas: np.ndarray,
    transl: np.ndarray,
    cameras: Sequence[PinholeCamera],
    ids: Sequence[int] | None = None,
) -> Path:
    """Write SMPL parameters of N people and their cameras, one row per person.

    The keys are ``pose`` (N, 24, 3) in radians, ``betas`` (N, 10), ``transl`` (N, 3) in metres,
    ``camera`` (N, 3, 3), the intrinsic matrices in pixels, ``image_size`` (2,), width and height,
    and ``ids`` (N,). SMPL with these parameters, in float32, is the mesh in camera axes (x right,
    y down, z forward), and ``camera`` projects it to the image.

    Args:
        path: The file, ending with ``.npz``. It appears when it is complete.
        pose: Rotation vectors, (N, 24, 3); the first is the orientation in the camera.
        betas: Shape parameters, (N, 10).
        transl: Translations, (N, 3).
        cameras: One camera per person, all of one image.
        ids: Ids of the annotations; 0 to N - 1 by default.

    Returns:
        ``path``.

    Raises:
        ValueError: If the file has another suffix, or shapes or numbers differ.
    """
    path, count = Path(path), len(cameras)
    if path.suffix != '.npz':
        raise ValueError(f'{path}: got suffix {path.suffix!r}, expected .npz')
    arrays = {'pose': pose, 'betas': betas, 'transl': transl}
    arrays = {key: np.asarray(value, np.float32) for key, value in arrays.items()}
    for key, tail in {'pose': (24, 3), 'betas': arrays['betas'].shape[-1:], 'transl': (3,)}.items():
        if arrays[key].shape != (count, *tail):
            raise ValueError(f'{key} got shape {arrays[key].shape}, expected {(count, *tail)}')
    sizes = sorted({(camera.width, camera.height) for camera in cameras})
    if len(sizes) != 1:
        raise ValueError(f'cameras got image sizes {sizes}, expected those of one image')
    arrays['camera'] = np.stack([camera.matrix for camera in cameras])
    arrays['image_size'] = np.array(sizes[0])
    arrays['ids'] = np.arange(count) if ids is None else np.array(ids)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return write_atomically(path, buffer.getvalue())


def check_formats(formats: Sequence[str], allowed: Sequence[str] = MESH_FORMATS) -> None:
    """Require known file formats.

    Raises:
        ValueError: If one is not in ``allowed``.
    """
    unknown = [kind for kind in formats if kind not in allowed]
    if unknown:
        raise ValueError(f'format got {unknown}, expected some of {list(allowed)}')


def linear_color(color: np.ndarray) -> list[float]:
    """An RGB colour of 0 to 255 in linear light of 0 to 1, as glTF has it."""
    srgb = np.asarray(color, float) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).tolist()


def _mesh(vertices: np.ndarray, faces: np.ndarray, color: np.ndarray, kind: str) -> Any:
    trimesh = _trimesh()
    visual: Any
    if kind == 'glb':
        # glTF's default material is a mirror.
        material = trimesh.visual.material.PBRMaterial(
            baseColorFactor=[*linear_color(color), 1.0], metallicFactor=0.0, roughnessFactor=0.8
        )
        visual = trimesh.visual.TextureVisuals(material=material)
    else:
        rows = np.tile(np.append(color, 255).astype(np.uint8), (len(vertices), 1))
        visual = trimesh.visual.ColorVisuals(vertex_colors=rows)
    # Without process=False trimesh merges and reorders vertices.
    return trimesh.Trimesh(
        vertices,
        faces,
        vertex_normals=vertex_normals(vertices, faces),
        visual=visual,
        process=False,
    )


def _encode(meshes: dict[str, Any], kind: str) -> bytes:
    trimesh = _trimesh()
    if kind == 'ply':
        merged = trimesh.util.concatenate(list(meshes.values()))
        return merged.export(file_type='ply', vertex_normal=False)
    scene = trimesh.Scene()
    for name, mesh in meshes.items():
        scene.add_geometry(mesh, node_name=name, geom_name=name)
    if kind == 'glb':
        return scene.export(file_type='glb', include_normals=True)
    return scene.export(file_type='obj', include_normals=False, header=None).encode()


def _trimesh() -> Any:
    # Imported here because few runs write meshes, and all would wait for it.
    try:
        import trimesh
    except ImportError as error:
        raise ImportError('mesh files need trimesh: pip install trimesh') from error
    return trimesh

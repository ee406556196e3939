"""Draw posed bodies over an image, and from the side and from above. Images are RGB."""

from collections.abc import Sequence

import cv2
import numpy as np

from mmpose_ext.geometry import PinholeCamera, project, unify_cameras
from mmpose_ext.rendering import interpolate, rasterize, vertex_normals

# The colours of Okabe and Ito (2008) without black, which people with any colour vision tell
# apart, in an order that keeps neighbours far from each other.
_PALETTE = np.array(
    [
        (86, 180, 233),
        (230, 159, 0),
        (0, 158, 115),
        (204, 121, 167),
        (240, 228, 66),
        (0, 114, 178),
        (213, 94, 0),
    ]
)
_ROUNDS = ((1.0, 0), (0.55, 0.45 * 255), (0.6, 0))
"""Factor and offset of the palette for the first seven people, the next seven, and so on."""

VIEWS = {
    'front': np.eye(3),
    'side': np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
    'top': np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
}
"""Rotations from the camera's axes (x right, y down, z forward) to those of a view. 'side' looks
from the right of the image, the camera is on the left; in 'top' the camera is at the bottom."""

_KEY_LIGHT = np.array([-0.45, -0.65, -0.6], np.float32)
_AMBIENT, _KEY, _HEADLIGHT = 0.38, 0.4, 0.28
_NEAR = 0.01
# Distance of a view's camera over the size of the scene: perspective changes lengths by 0.5 %.
_VIEW_DISTANCE = 100.0
_SUPERSAMPLING = 2
_MARGIN = 0.08
_GRID_STEPS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_GRID_LINES = 12
_GRID_COLOR = (222, 222, 222)


def person_colors(count: int) -> np.ndarray:
    """Colours that tell people apart, also without red-green vision.

    Args:
        count: Number of people; from the 22nd on colours repeat.

    Returns:
        (count, 3) uint8, RGB.
    """
    shades = [np.round(_PALETTE * factor + offset) for factor, offset in _ROUNDS]
    colors = np.concatenate(shades).astype(np.uint8)
    return colors[np.arange(count) % len(colors)]


def overlay_meshes(
    image: np.ndarray,
    vertices_list: Sequence[np.ndarray],
    faces: np.ndarray | Sequence[np.ndarray],
    cameras: PinholeCamera | Sequence[PinholeCamera],
    colors: np.ndarray | None = None,
    alpha: float = 0.85,
) -> np.ndarray:
    """Draw smoothly shaded bodies over an image; nearer surfaces hide farther ones.

    People with cameras of their own are first moved into the camera of the first one by
    :func:`unify_cameras`, which keeps their images and makes their depths comparable.

    Args:
        image: (H, W, 3) uint8, RGB. It is not changed.
        vertices_list: One (V_i, 3) array in metres per person, in the frame of their camera.
        faces: Faces of everybody, (F, 3), or one such array per person.
        cameras: The camera of everybody, or one per person, of the size of the image.
        colors: (N, 3), RGB; :func:`person_colors` by default.
        alpha: Opacity of the bodies, 0 to 1.

    Returns:
        (H, W, 3) uint8. Only pixels on a body differ from ``image``.

    Raises:
        ValueError: If the numbers of people, colours and cameras differ, a camera has another
            size than the image, or ``alpha`` is out of range.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f'alpha got {alpha!r}, expected 0 to 1')
    canvas = np.array(image, order='C')
    colors = _check_colors(colors, len(vertices_list))
    cameras = _per_person(cameras, len(vertices_list), canvas)
    if len(vertices_list) == 0:
        return canvas
    # Moving into another camera is linear: interpolation commutes with it, and normals of the body
    # as it is shade it without the distortion.
    normals = _all_normals(vertices_list, faces)
    if any(camera != cameras[0] for camera in cameras):
        vertices_list = unify_cameras(vertices_list, cameras)
    _paint(canvas, vertices_list, faces, normals, cameras[0], colors, alpha)
    return canvas


def view_from(
    vertices_list: Sequence[np.ndarray],
    faces: np.ndarray | Sequence[np.ndarray],
    view: str = 'side',
    size: tuple[int, int] = (512, 512),
    colors: np.ndarray | None = None,
    background: int = 250,
    bounds: np.ndarray | None = None,
) -> np.ndarray:
    """Draw bodies in parallel projection over a grid whose step is written in a corner.

    Args:
        vertices_list: One (V_i, 3) array in metres per person, all in one camera's frame.
        faces: Faces of everybody, (F, 3), or one such array per person.
        view: A name of :data:`VIEWS`.
        size: Width and height of the picture in pixels; everybody fits in.
        colors: (N, 3), RGB; :func:`person_colors` by default.
        background: Grey value behind the bodies.
        bounds: Two opposite corners of the space that is shown, (2, 3) in metres in the camera's
            frame, the same for all pictures of a film; by default what the bodies fill.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        ValueError: If the view is unknown, or the numbers of people and colours differ.
    """
    if view not in VIEWS:
        raise ValueError(f'view got {view!r}, expected one of {list(VIEWS)}')
    colors = _check_colors(colors, len(vertices_list))
    # Drawn larger and averaged: smooth outlines.
    width, height = (side * _SUPERSAMPLING for side in size)
    canvas = np.full((height, width, 3), background, np.uint8)
    if len(vertices_list) == 0:
        return cv2.resize(canvas, size)
    turned = [np.asarray(vertices, np.float64) @ VIEWS[view].T for vertices in vertices_list]
    shown = turned if bounds is None else [np.asarray(bounds, np.float64) @ VIEWS[view].T]
    low = np.min([vertices.min(0) for vertices in shown], axis=0)
    high = np.max([vertices.max(0) for vertices in shown], axis=0)
    center, extent = (low + high) / 2, np.maximum(high - low, 1e-3)
    scale = (1 - 2 * _MARGIN) * min(width / extent[0], height / extent[1])
    distance = _VIEW_DISTANCE * extent.max()
    focal = scale * distance
    camera = PinholeCamera(focal, focal, (width - 1) / 2, (height - 1) / 2, width, height)
    step = _draw_grid(canvas, center[:2], scale)
    moved = [vertices - center + [0, 0, distance] for vertices in turned]
    _paint(canvas, moved, faces, _all_normals(moved, faces), camera, colors, 1)
    picture = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)
    _write(picture, f'grid {step:g} m')
    return picture


def resize_camera(camera: PinholeCamera, width: int, height: int) -> PinholeCamera:
    """The camera of an image that is scaled to another size.

    Args:
        camera: The camera of the image as it is.
        width: New width in pixels.
        height: New height in pixels.

    Returns:
        The camera; image borders, not pixel centres, stay where they are.
    """
    x, y = width / camera.width, height / camera.height
    return PinholeCamera(
        camera.fx * x,
        camera.fy * y,
        (camera.cx + 0.5) * x - 0.5,
        (camera.cy + 0.5) * y - 0.5,
        width,
        height,
    )


def _check_colors(colors: np.ndarray | None, count: int) -> np.ndarray:
    colors = person_colors(count) if colors is None else np.asarray(colors)
    if colors.shape != (count, 3):
        raise ValueError(f'colors got shape {colors.shape}, expected ({count}, 3)')
    return colors.astype(np.float32)


def _per_person(
    cameras: PinholeCamera | Sequence[PinholeCamera], count: int, image: np.ndarray
) -> list[PinholeCamera]:
    if isinstance(cameras, PinholeCamera):
        cameras = [cameras] * count
    if len(cameras) != count:
        raise ValueError(f'got {len(cameras)} cameras, expected one per person ({count})')
    for camera in cameras:
        if (camera.height, camera.width) != image.shape[:2]:
            raise ValueError(
                f'camera got an image of {camera.width} x {camera.height}, '
                f'expected {image.shape[1]} x {image.shape[0]}'
            )
    return list(cameras)


def _all_normals(
    vertices_list: Sequence[np.ndarray], faces: np.ndarray | Sequence[np.ndarray]
) -> np.ndarray:
    shared = isinstance(faces, np.ndarray)
    return np.concatenate(
        [
            vertex_normals(vertices, faces if shared else faces[i])
            for i, vertices in enumerate(vertices_list)
        ]
    )


def _window(
    vertices_list: Sequence[np.ndarray], camera: PinholeCamera
) -> tuple[int, int, PinholeCamera] | None:
    """Left and top of the part of the image that people are in, and the camera of that part."""
    points = np.concatenate([np.asarray(vertices, np.float64) for vertices in vertices_list])
    limit = np.array([camera.width, camera.height])
    if (points[:, 2] <= _NEAR).any():
        # What crosses the camera plane is seen up to any border of the image.
        low, high = np.zeros(2, int), limit
    else:
        pixels = project(points, camera)
        low = np.clip(np.floor(pixels.min(0)), 0, limit).astype(int)
        high = np.clip(np.ceil(pixels.max(0)) + 1, 0, limit).astype(int)
    if (low >= high).any():
        return None
    (left, top), (width, height) = low.tolist(), (high - low).tolist()
    part = PinholeCamera(camera.fx, camera.fy, camera.cx - left, camera.cy - top, width, height)
    return left, top, part


def _paint(
    canvas: np.ndarray,
    vertices_list: Sequence[np.ndarray],
    faces: np.ndarray | Sequence[np.ndarray],
    normals: np.ndarray,
    camera: PinholeCamera,
    colors: np.ndarray,
    alpha: float,
) -> None:
    """Draw people in one camera over a picture, in place."""
    window = _window(vertices_list, camera)
    if window is None:
        return
    left, top, part = window
    result = rasterize(vertices_list, faces, part, near=_NEAR, cull_backfaces=True)
    covered = result.person_ids >= 0
    normal = interpolate(result, normals)[covered]
    # Interpolated normals are shorter than one. The headlight shines from the camera, along +z.
    length = np.maximum(np.sqrt(np.einsum('pc,pc->p', normal, normal)), 1e-6)
    key = np.maximum(normal @ (_KEY_LIGHT / np.linalg.norm(_KEY_LIGHT)), 0)
    brightness = _AMBIENT + (_KEY * key + _HEADLIGHT * np.maximum(-normal[:, 2], 0)) / length
    shaded = colors[result.person_ids[covered]] * np.minimum(brightness, 1)[:, None]
    region = canvas[top : top + part.height, left : left + part.width]
    shaded *= alpha
    shaded += np.float32(1 - alpha) * region[covered]
    region[covered] = np.rint(shaded).astype(np.uint8)


def _draw_grid(canvas: np.ndarray, center: np.ndarray, scale: float) -> float:
    """Draw lines at whole multiples of a step of the scene's axes; return the step in metres."""
    height, width = canvas.shape[:2]
    step = next(
        (s for s in _GRID_STEPS if max(width, height) / scale / s <= _GRID_LINES), _GRID_STEPS[-1]
    )
    for axis, length in enumerate((width, height)):
        middle = (length - 1) / 2
        first = np.ceil((center[axis] - middle / scale) / step)
        last = np.floor((center[axis] + middle / scale) / step)
        for line in np.arange(first, last + 1) * step:
            place = round((line - center[axis]) * scale + middle)
            start, end = (
                ((place, 0), (place, height)) if axis == 0 else ((0, place), (width, place))
            )
            cv2.line(canvas, start, end, _GRID_COLOR, _SUPERSAMPLING)
    return step


def _write(canvas: np.ndarray, text: str) -> None:
    place = (6, canvas.shape[0] - 7)
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (110,) * 3, 1, cv2.LINE_AA)

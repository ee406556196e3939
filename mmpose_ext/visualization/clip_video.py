"""A film of a person with the recovered body. Images are RGB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import mmcv
import numpy as np
from mmengine import fileio

from mmpose_ext.skeletons import LSP14, SPIN24
from mmpose_ext.visualization.clip_people import ClipFrame, label_vertices, view_bounds
from mmpose_ext.visualization.contact_sheet import contact_sheet
from mmpose_ext.visualization.draw_keypoints import draw_keypoints
from mmpose_ext.visualization.draw_mesh import (
    overlay_meshes,
    person_colors,
    resize_camera,
    view_from,
)
from mmpose_ext.visualization.mesh_people import MeshBodies
from mmpose_ext.visualization.video_file import VideoFile

_COLUMNS = 3
# The joints of LSP14 with SPIN24's links, which join limbs and trunk.
_SKELETON = SPIN24.subset(LSP14.keypoints, 'lsp14')
_BOX_COLOR = (255, 255, 255)
_PREDICTED, _LABELLED = person_colors(2)


class ClipPainter:
    """Draws the frames of one person, all in one size and one scale.

    Panels show the image with the network's square and the predicted joints (right side orange,
    left side green), the predicted body over the image, and the same body from the side, which
    stands where SMPL puts it: its depth in the image is not known well enough to be shown. Where
    bodies are annotated, a second row shows the annotated joints, and the annotated body from the
    front and from the side.

    Args:
        frames: All frames that will be drawn.
        bodies: The body models of predictions and labels.
        panel_size: Longer side of the panels in pixels; images are never enlarged.
        alpha: Opacity of the bodies, 0 to 1.
    """

    def __init__(
        self,
        frames: Sequence[ClipFrame],
        bodies: MeshBodies,
        panel_size: int = 384,
        alpha: float = 0.85,
    ) -> None:
        self.bodies = bodies
        self.panel_size = panel_size
        self.alpha = alpha
        self.labelled = any(frame.label is not None for frame in frames)
        meshes = [frame.vertices for frame in frames]
        labels = [label_vertices(frame, bodies) for frame in frames]
        self.bounds = view_bounds([*meshes, *(mesh for mesh in labels if mesh is not None)])
        self._size: tuple[int, int] | None = None

    def draw(self, frame: ClipFrame, image: np.ndarray) -> np.ndarray:
        """Draw a frame.

        Args:
            frame: One of the frames.
            image: Its image, (H, W, 3) uint8, RGB.

        Returns:
            (H', W', 3) uint8, RGB.

        Raises:
            ValueError: If the prediction does not fit the body model, or is not finite.
        """
        if not np.isfinite(frame.vertices).all() or not np.isfinite(frame.transl).all():
            raise ValueError(f'frame {frame.number}: the predicted body is not finite')
        scale = min(1, self.panel_size / max(image.shape[:2]))
        size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
        panel = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        faces = self.bodies.body().faces
        person = frame.person(image.shape[1], image.shape[0])
        overlay = overlay_meshes(
            panel,
            [person.vertices],
            faces,
            resize_camera(person.camera, *size),
            _PREDICTED[None],
            self.alpha,
        )
        joints = _draw_joints(_draw_box(panel, frame.box, scale), frame.keypoints, None, scale)
        panels = [
            (joints, f'frame {frame.number}, predicted joints'),
            (overlay, 'prediction'),
            (self._view(frame.vertices, 'side', size, _PREDICTED), 'prediction, from the side'),
        ]
        if self.labelled:
            panels += self._label_panels(frame, panel, scale)
        # Images of a video have one size; a tile of the first keeps the film's.
        self._size = self._size or size
        images, captions = zip(*panels)
        return contact_sheet(images, captions, _COLUMNS, self._size)

    def _label_panels(
        self, frame: ClipFrame, panel: np.ndarray, scale: float
    ) -> list[tuple[np.ndarray, str]]:
        points = frame.label_keypoints
        joints = _draw_joints(panel, points[:, :2], points[:, 2], scale)
        panels = [(joints, 'annotated joints')]
        vertices, size = label_vertices(frame, self.bodies), panel.shape[1::-1]
        for view, text in (('front', 'from the front'), ('side', 'from the side')):
            if vertices is None:
                blank = np.full_like(panel, 250)
                panels.append((blank, 'no annotated body'))
            else:
                picture = self._view(vertices, view, size, _LABELLED)
                panels.append((picture, f'ground truth, {text}'))
        return panels

    def _view(
        self, vertices: np.ndarray, view: str, size: tuple[int, int], color: np.ndarray
    ) -> np.ndarray:
        faces = self.bodies.body().faces
        return view_from([vertices], faces, view, size, color[None], bounds=self.bounds)


def save_clip_video(
    path: str | Path,
    frames: Sequence[ClipFrame],
    bodies: MeshBodies,
    fps: float,
    read_image: Callable[[ClipFrame], np.ndarray] | None = None,
    panel_size: int = 384,
    alpha: float = 0.85,
) -> Path:
    """Write a film of a person, see :class:`ClipPainter`.

    Args:
        path: The file, ending with ``.mp4``.
        frames: The frames, see :func:`read_clip`.
        bodies: The body models.
        fps: Frames per second of the video; played at its own speed.
        read_image: Gives the image of a frame; :func:`read_image` by default.
        panel_size: As of :class:`ClipPainter`.
        alpha: As of :class:`ClipPainter`.

    Returns:
        ``path``.

    Raises:
        ValueError: If there are no frames, or a prediction is not finite.
        FileNotFoundError: If an image is missing.
        RuntimeError: If OpenCV cannot write films.
    """
    if not frames:
        raise ValueError(f'{path}: got no frames, expected at least one')
    painter = ClipPainter(frames, bodies, panel_size, alpha)
    with VideoFile(path, fps) as film:
        for frame in frames:
            film.write(painter.draw(frame, (read_image or read_frame_image)(frame)))
    return film.path


def read_frame_image(frame: ClipFrame, backend_args: dict | None = None) -> np.ndarray:
    """Read the image of a frame, (H, W, 3) uint8, RGB.

    Raises:
        ValueError: If the dataset does not name it, or it cannot be decoded.
        FileNotFoundError: If there is no such file.
    """
    if frame.image is None:
        raise ValueError(
            f'frame {frame.number}: the dataset names no images; draw on blank ones instead'
        )
    if not fileio.exists(frame.image, backend_args=backend_args):
        raise FileNotFoundError(f'image {frame.image!r} does not exist')
    content = fileio.get(frame.image, backend_args=backend_args)
    image = mmcv.imfrombytes(content, channel_order='rgb')
    if image is None:
        raise ValueError(f'image {frame.image!r} cannot be decoded')
    return image


def _draw_box(panel: np.ndarray, box: np.ndarray, scale: float) -> np.ndarray:
    canvas = panel.copy()
    corners = np.clip(np.rint((box + 0.5) * scale - 0.5), -10_000, 10_000).astype(int)
    cv2.rectangle(canvas, corners[:2].tolist(), corners[2:].tolist(), _BOX_COLOR, 1)
    return canvas


def _draw_joints(
    panel: np.ndarray, points: np.ndarray, confidence: np.ndarray | None, scale: float
) -> np.ndarray:
    moved = (points + 0.5) * scale - 0.5
    return draw_keypoints(panel, moved, confidence, _SKELETON, threshold=0.01, channel_order='rgb')

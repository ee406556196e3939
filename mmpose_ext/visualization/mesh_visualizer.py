"""The visualizer of models that recover meshes."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import mmcv
import numpy as np
from mmengine.dist import master_only
from mmengine.logging import print_log
from mmengine.visualization import Visualizer
from mmpose.structures import PoseDataSample

from mmpose_ext.geometry import project
from mmpose_ext.registry import VISUALIZERS
from mmpose_ext.visualization.contact_sheet import contact_sheet
from mmpose_ext.visualization.draw_keypoints import draw_keypoints
from mmpose_ext.visualization.draw_mesh import (
    overlay_meshes,
    person_colors,
    resize_camera,
    view_from,
)
from mmpose_ext.visualization.mesh_people import MeshBodies, MeshPerson, arrange, as_array

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_COLUMNS = 4


@VISUALIZERS.register_module()
class MeshVisualizer(Visualizer):
    """Draws everybody in an image: inputs, overlay, view from the side and from above.

    A row of panels shows the image with boxes and input joints, the predicted bodies over the
    image, and the same bodies from the side and from above, each person in a colour of their own.
    A second row shows the edge maps that the network saw, and the annotated bodies. People with
    cameras of their own are brought into one: exactly for the overlay, as rigid bodies for the
    views (see :func:`arrange`).

    Args:
        name: Name of the instance.
        body_model: Arguments of :class:`MeshBodies`: ``path`` and ``gender`` of the body model that
            the estimator has.
        panel_size: Longer side of a panel in pixels; images are never enlarged.
        alpha: Opacity of the bodies, 0 to 1.
        kwargs: ``vis_backends``, ``save_dir`` and the other arguments of MMEngine's visualizer.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        body_model: Mapping[str, Any] | None = None,
        panel_size: int = 512,
        alpha: float = 0.85,
        **kwargs,
    ) -> None:
        super().__init__(name, **kwargs)
        if panel_size < 32:
            raise ValueError(f'panel_size got {panel_size!r}, expected at least 32 pixels')
        self.bodies = MeshBodies(**(body_model or {}))
        self.panel_size = panel_size
        self.alpha = alpha

    @master_only
    def set_image(self, image: np.ndarray) -> None:
        """Keep a picture, (H, W, 3) uint8, RGB, without the figure that MMEngine draws it in."""
        self._image = image
        self.height, self.width = image.shape[:2]

    @master_only
    def get_image(self) -> np.ndarray:
        """The picture that was drawn last, (H, W, 3) uint8, RGB."""
        return self._image

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: PoseDataSample | Sequence[PoseDataSample],
        inputs: Sequence[Mapping[str, Any]] | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        step: int = 0,
    ) -> np.ndarray:
        """Draw the people of an image, and show the picture, or store it.

        Args:
            name: Name of the picture in the backends, title of the window.
            image: The full image, (H, W, 3) uint8, RGB.
            data_sample: One sample per person.
            inputs: What the network saw of each person: ``joints`` (30, 2) in pixels of the crop,
                ``joints_mask`` (30, 1), and maybe ``edge`` (1, h, w).
            draw_gt: Whether to draw annotated bodies, where there are any.
            draw_pred: Whether to draw predicted bodies.
            show: Open a window instead of storing the picture.
            wait_time: Seconds that the window stays open, 0 for until a key is pressed.
            out_file: Store here instead of in the backends.
            step: Step of the training under which the backends store the picture.

        Returns:
            The picture, (H', W', 3) uint8, RGB.

        Raises:
            ValueError: If the number of inputs is not that of people, or a prediction does not fit
                the body model.
        """
        samples = [data_sample] if isinstance(data_sample, PoseDataSample) else list(data_sample)
        if inputs is not None and len(inputs) != len(samples):
            raise ValueError(f'got {len(inputs)} inputs, expected one per person ({len(samples)})')
        drawn = self._draw(image, samples, inputs, draw_gt, draw_pred)
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        elif out_file is not None:
            mmcv.imwrite(drawn[..., ::-1], str(out_file))
        else:
            self.add_image(name, drawn, step)
        return drawn

    def _draw(
        self,
        image: np.ndarray,
        samples: Sequence[PoseDataSample],
        inputs: Sequence[Mapping[str, Any]] | None,
        draw_gt: bool,
        draw_pred: bool,
    ) -> np.ndarray:
        scale = min(1, self.panel_size / max(image.shape[:2]))
        size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
        panel = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        rows = [[(_draw_inputs(panel, scale, samples, inputs), 'input')]]
        if draw_pred:
            people = [self.bodies.predicted(sample) for sample in samples]
            rows[0] += self._mesh_panels(panel, samples, people, 'prediction')
        edges = [person['edge'] for person in inputs or () if 'edge' in person]
        edge_panel = [(_edge_sheet(edges), 'input edges')] if edges else []
        labelled = [self.bodies.labelled(sample) for sample in samples] if draw_gt else []
        if any(person is not None for person in labelled):
            first = edge_panel or [(panel, 'image')]
            rows.append(first + self._mesh_panels(panel, samples, labelled, 'ground truth'))
            columns = _COLUMNS
        else:
            rows[0] += edge_panel
            columns = len(rows[0])
        panels = [entry for row in rows for entry in row]
        return contact_sheet([p for p, _ in panels], [text for _, text in panels], columns, size)

    def _mesh_panels(
        self,
        panel: np.ndarray,
        samples: Sequence[PoseDataSample],
        people: Sequence[MeshPerson | None],
        title: str,
    ) -> list[tuple[np.ndarray, str]]:
        size = panel.shape[1::-1]
        colors = person_colors(len(samples))
        drawn = []
        for index, (sample, person) in enumerate(zip(samples, people)):
            if person is None:
                continue
            if np.isfinite(person.vertices).all():
                drawn.append(index)
            else:
                print_log(
                    f'The {title} of person {_label(sample)} in {sample.get("img_path")} has '
                    'vertices that are not finite; it is not drawn.',
                    logger='current',
                    level=logging.WARNING,
                )
        vertices = [people[index].vertices for index in drawn]
        cameras = [resize_camera(people[index].camera, *size) for index in drawn]
        faces, colors = self.bodies.body().faces, colors[drawn]
        overlay = overlay_meshes(panel, vertices, faces, cameras, colors, self.alpha)
        for index, points, camera, color in zip(drawn, vertices, cameras, colors):
            pixels = project(points[points[:, 2] > 0], camera)
            if len(pixels):
                _write(overlay, _label(samples[index]), pixels[pixels[:, 1].argmin()], color)
        vertices = [person.vertices for person in arrange([people[index] for index in drawn])]
        views = [
            (view_from(vertices, faces, view, size, colors), f'{title}, {text}')
            for view, text in (('side', 'from the side'), ('top', 'from above'))
        ]
        return [(overlay, title), *views]


def _draw_inputs(
    panel: np.ndarray,
    scale: float,
    samples: Sequence[PoseDataSample],
    inputs: Sequence[Mapping[str, Any]] | None,
) -> np.ndarray:
    canvas = panel.copy()
    for index, (sample, color) in enumerate(zip(samples, person_colors(len(samples)))):
        if inputs is not None and 'joints' in inputs[index]:
            crop_to_image = cv2.invertAffineTransform(np.asarray(sample.warp_mat, np.float64))
            joints = as_array(inputs[index]['joints']) @ crop_to_image[:, :2].T
            joints = (joints + crop_to_image[:, 2] + 0.5) * scale - 0.5
            mask = as_array(inputs[index]['joints_mask']).reshape(-1)
            canvas = draw_keypoints(canvas, joints, mask, 'superset30', channel_order='rgb')
        instances = sample.get('pred_instances', sample.get('gt_instances'))
        if instances is not None and 'bboxes' in instances:
            box = (as_array(instances.bboxes)[0, :4] + 0.5) * scale - 0.5
            corners = np.clip(np.rint(box), -10_000, 10_000).astype(int)
            cv2.rectangle(canvas, corners[:2].tolist(), corners[2:].tolist(), color.tolist(), 1)
            _write(canvas, _label(sample), box[:2] + [2, 18], color)
    return canvas


def _edge_sheet(edges: Sequence[Any]) -> np.ndarray:
    # Gradient magnitudes exceed one.
    maps = [as_array(edge)[0].astype(np.float32) for edge in edges]
    pictures = [np.rint(edge * (255 / max(1, edge.max()))).astype(np.uint8) for edge in maps]
    if len(pictures) == 1:
        return np.repeat(pictures[0][..., None], 3, axis=-1)
    columns = int(np.ceil(len(pictures) ** 0.5))
    return contact_sheet([np.repeat(p[..., None], 3, axis=-1) for p in pictures], columns=columns)


def _label(sample: PoseDataSample) -> str:
    return str(sample.get('id', '?'))


def _write(image: np.ndarray, text: str, place: np.ndarray, color: np.ndarray) -> None:
    """Write a text that begins at a place, moved into the image."""
    (width, height), _ = cv2.getTextSize(text, _FONT, 0.5, 1)
    limit = np.array([image.shape[1] - width - 2, image.shape[0] - 3])
    x, y = np.clip(place + [-width / 2, -5], [2, height + 2], np.maximum(limit, [2, height + 2]))
    origin = (int(x), int(y))
    cv2.putText(image, text, origin, _FONT, 0.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(image, text, origin, _FONT, 0.5, color.tolist(), 1, cv2.LINE_AA)

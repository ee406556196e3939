"""Where the points of a predicted body lie in the image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mmpose_ext.body_models import load_body_model, regressor
from mmpose_ext.geometry import image_translation, predicted_to_image
from mmpose_ext.skeletons import COCO17, SUPERSET30

from .person_fields import person_of, read_field
from .sparse_regressor import SparseRegressor

#: The superset, whose neck is compared with what MPII and CrowdPose annotate, as 3DCrowdNet does.
PROJECTED30 = replace(SUPERSET30, name='projected30', aliases=(('neck', 'upper_neck'),))


def project_as_predicted(sample: Mapping[str, Any], points: np.ndarray) -> np.ndarray:
    """Project further points of a predicted body as the model projects its ``keypoints``.

    Args:
        sample: A data sample with ``pred_instances`` ``camera``, ``transl`` and ``bboxes`` of one
            person and ``input_size`` in its metainfo.
        points: In metres, relative to what ``vertices`` are relative to, (P, 3).

    Returns:
        Pixels of the image, (P, 2).

    Raises:
        ValueError: If one of these is missing, or not finite; names the image and the person.
    """
    camera, transl = (
        read_field(sample, 'pred_instances', key, (3,)).astype(np.float64)
        for key in ('camera', 'transl')
    )
    box = read_field(sample, 'pred_instances', 'bboxes', (4,)).astype(np.float64)
    if 'input_size' not in sample:
        raise ValueError(f'{person_of(sample)}: the sample has no input_size, expected it to')
    xywh = np.concatenate([box[:2], box[2:] - box[:2]])
    # What transl has beyond the camera's own translation is the root that vertices are relative to.
    root = transl - image_translation(camera, xywh[2:])
    return predicted_to_image(points + root, camera, xywh, float(sample['input_size'][0]))


class ProjectedJoints:
    """Reads the 30 joints of a predicted body in the image.

    Args:
        regressor_name: ``'coco17'`` takes COCO's 17 keypoints from the vertices by COCO's
            regressor, the others from the model; None takes all 30 from the model (``keypoints``),
            which training fits to the annotated keypoints of the same names.
        body_model: Where the regressor is, see :func:`mmpose_ext.body_models.load_body_model`.

    Raises:
        FileNotFoundError: If there is no such body model.
        ValueError: If the regressor is another, or the body has none.
    """

    def __init__(self, regressor_name: str | None = None, body_model: str | None = None) -> None:
        if regressor_name not in (None, 'coco17'):
            raise ValueError(f"regressor got {regressor_name!r}, expected 'coco17' or None")
        self.regressor: SparseRegressor | None = None
        self.description = "the model's 30 keypoints"
        if regressor_name is not None:
            body = load_body_model(body_model, 'neutral')
            self.regressor = SparseRegressor(regressor(body, regressor_name))
            self.description = f"COCO's by its regressor ({body.name}), others the model's"
        self._replaced = SUPERSET30.indices(COCO17.keypoints)

    def __call__(self, sample: Mapping[str, Any]) -> np.ndarray:
        """Read one person.

        Args:
            sample: A data sample with the predictions of one person.

        Returns:
            Pixels of the image in the order of :data:`PROJECTED30`, (30, 2).

        Raises:
            ValueError: If a prediction is missing, of another shape or not finite; names the image
                and the person.
        """
        shape = (SUPERSET30.num_keypoints, 2)
        pixels = read_field(sample, 'pred_instances', 'keypoints', shape)
        if self.regressor is None:
            return pixels
        shape = (self.regressor.num_vertices, 3)
        vertices = read_field(sample, 'pred_instances', 'vertices', shape)
        pixels = pixels.copy()
        pixels[self._replaced] = project_as_predicted(sample, self.regressor(vertices[None])[0])
        return pixels

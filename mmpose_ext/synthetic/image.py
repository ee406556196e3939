"""One image with its labels, from numbers alone."""

import zlib
from collections.abc import Mapping

import cv2
import numpy as np

from mmpose_ext.body_models import BodyModel

from .coco_labels import coco_annotation, union_annotation
from .detections import simulate_detections
from .domains import DOMAINS
from .layout import sample_layout
from .mpii_labels import mpii_entry
from .observation import Observation, observe
from .plan import Split
from .scene import STYLES, ScenePerson, render_scene

_JPEG_QUALITY = 92
_ATTEMPTS = 6


def make_image(
    split: Split, index: int, seed: int, bodies: Mapping[str, BodyModel]
) -> tuple[bytes, dict]:
    """Render and annotate an image.

    Args:
        split: The series of images.
        index: Number of the image in it.
        seed: Seed of the data set. The result depends on these three alone.
        bodies: Body model of each gender.

    Returns:
        The encoded image, and its record: everything that annotation files say about it.

    Raises:
        RuntimeError: If no scene with an annotated person is found, which points to a domain
            whose people do not fit into its images.
    """
    for attempt in range(_ATTEMPTS):
        source = np.random.SeedSequence([seed, split.stream, index, attempt])
        # Separate streams, so that a change of the painting does not move the people.
        layout_rng, scene_rng, label_rng = map(np.random.default_rng, source.spawn(3))
        layout = sample_layout(DOMAINS[split.domain], bodies, layout_rng, split.image_scale)
        people = [
            ScenePerson(person.vertices, person.body, person.appearance_seed)
            for person in layout.people
        ]
        scene = render_scene(people, layout.camera, STYLES[split.domain], scene_rng, layout.ground)
        seen = observe(layout.people, layout.camera, scene.person_ids, scene.depth)
        observations = [observation for observation in seen if observation is not None]
        annotations = _annotate(observations, split.labels, label_rng)
        if any(_has_keypoints(annotation) for annotation in annotations):
            break
    else:
        raise RuntimeError(
            f'split {split.name!r}, image {index}, seed {seed}: none of '
            f'{_ATTEMPTS} scenes shows a person that can be annotated'
        )
    content, record = encode_image(scene.image, split, index)
    record['annotations'] = annotations
    if split.labels == 'coco':
        record['detections'] = simulate_detections(
            observations, record['width'], record['height'], label_rng
        )
    return content, record


def encode_image(image: np.ndarray, split: Split, index: int) -> tuple[bytes, dict]:
    """Compress an image, and begin its record.

    Args:
        image: (H, W, 3) uint8 BGR.
        split: The series it belongs to.
        index: Its number in it.

    Returns:
        The content of the JPEG file, and a record with name, id, size and checksum.
    """
    encoded = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    content = encoded.tobytes()
    height, width = image.shape[:2]
    record = dict(
        file_name=split.file_name(index),
        id=split.first_id + index,
        width=width,
        height=height,
        checksum=zlib.crc32(content),
    )
    return content, record


def _annotate(observations: list[Observation], labels: str, rng: np.random.Generator) -> list[dict]:
    annotate = dict(coco=coco_annotation, mpii=mpii_entry, union=union_annotation)[labels]
    annotations = [annotate(observation, rng) for observation in observations]
    return [annotation for annotation in annotations if annotation is not None]


def _has_keypoints(annotation: dict) -> bool:
    return annotation.get('num_keypoints', 1) > 0

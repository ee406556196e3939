"""Pictures of what a union model sees in images of its sources."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from mmpose_ext.apis.people_file import read_people_file, source_skeleton
from mmpose_ext.apis.pose_predictor import PosePredictor
from mmpose_ext.visualization.contact_sheet import contact_sheet
from mmpose_ext.visualization.draw_keypoints import draw_keypoints

_MARGIN = 0.35


def prediction_sheet(
    config: str | Path,
    checkpoint: str | Path,
    sources: Mapping[str, tuple[Path, Path]],
    picture: Path,
    people: int = 10,
    tile: tuple[int, int] = (240, 300),
) -> None:
    """Draw the first well visible people of each source: labels above, predictions below.

    The keypoints that the source does not have are red, as in Figure 2 of arXiv 2405.20084.

    Args:
        config: Config of a model with the union's keypoints.
        checkpoint: Its checkpoint.
        sources: Annotation file and image folder of each source (``'coco'``, ``'mpii'``).
        picture: PNG file to write.
        people: People per source.
        tile: Width and height of one person's picture in pixels.
    """
    predict = PosePredictor(config, checkpoint)
    rows, captions = [], []
    for source, (annotation_file, folder) in sources.items():
        content = read_people_file(annotation_file, source)
        names = {image['id']: image['file_name'] for image in content['images']}
        chosen = _well_visible(content['annotations'])[:people]
        files = [folder / names[person['image_id']] for person in chosen]
        _, found = predict(files, [[person['bbox']] for person in chosen])
        images = [cv2.imread(str(file)) for file in files]
        skeleton = source_skeleton(source)
        labels = [np.reshape(person['keypoints'], (-1, 3)) for person in chosen]
        rows += [
            _crop(draw_keypoints(image, label[:, :2], label[:, 2], skeleton), person['bbox'])
            for image, label, person in zip(images, labels, chosen)
        ]
        rows += [
            # Scores of SimCC heads have no fixed scale, so every keypoint is drawn.
            _crop(draw_keypoints(image, points, base=skeleton), person['bbox'])
            for image, ((points, _),), person in zip(images, found, chosen)
        ]
        captions += [f'{source}: labels'] * len(chosen) + [f'{source}: predicted'] * len(chosen)
    cv2.imwrite(str(picture), contact_sheet(rows, captions, columns=people, tile=tile))


def _well_visible(annotations: list[dict]) -> list[dict]:
    """At most one person per image, with nearly all keypoints labelled, in the file's order."""
    images: set[int] = set()
    people = []
    for person in annotations:
        visible = np.reshape(person['keypoints'], (-1, 3))[:, 2]
        if person['image_id'] not in images and (visible > 0).mean() > 0.9:
            images.add(person['image_id'])
            people.append(person)
    return people


def _crop(image: np.ndarray, box: list[float]) -> np.ndarray:
    x, y, width, height = box
    left, top = int(x - _MARGIN * width), int(y - _MARGIN * height)
    right, bottom = int(x + (1 + _MARGIN) * width), int(y + (1 + _MARGIN) * height)
    return image[max(top, 0) : bottom, max(left, 0) : right]

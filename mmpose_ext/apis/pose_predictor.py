"""Predict the keypoints of given boxes in several images at once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.structures import PoseDataSample

from mmpose_ext.apis.export_student import load_student
from mmpose_ext.datasets.transforms.image_bytes import decode_image, is_truncated

_MAX_BATCH = 64


class PosePredictor:
    """A student that predicts people in image files, always the same for the same call.

    PyTorch uses one thread meanwhile, because sums depend on how they are cut up.

    Args:
        config: Config of the student, or its file.
        checkpoint: Its checkpoint.
        device: Where it runs.
    """

    def __init__(
        self, config: str | Path | Config, checkpoint: str | Path, device: str = 'cpu'
    ) -> None:
        model, stock, dataset_meta = load_student(config, checkpoint)
        self.model = model.to(device)
        self.dataset_meta = dataset_meta
        init_default_scope('mmpose')
        self.pipeline = Compose(stock.test_dataloader.dataset.pipeline)

    def __call__(
        self,
        files: Sequence[Path],
        boxes: Sequence[Sequence[Sequence[float]]],
        clip: bool = False,
    ) -> tuple[list[list[int]], list[list[tuple[np.ndarray, np.ndarray]]]]:
        """Predict.

        Args:
            files: Image files.
            boxes: For each image the boxes of its people as x, y, width, height.
            clip: Whether to cut boxes at the image border, as MMPose does with COCO's.

        Returns:
            Height and width of each image, and for each image one pair per box: keypoints (K, 2)
            and scores (K,).

        Raises:
            ValueError: If a file is no image, or its end is missing.
        """
        shapes, inputs = [], []
        for file, image_boxes in zip(files, boxes, strict=True):
            image = _read_image(file)
            shapes.append(list(image.shape[:2]))
            inputs += [self._input(image, _corners(box, image, clip)) for box in image_boxes]
        samples = self._predict(inputs)
        pairs = iter([(_first(s, 'keypoints'), _first(s, 'keypoint_scores')) for s in samples])
        return shapes, [[next(pairs) for _ in image_boxes] for image_boxes in boxes]

    def _input(self, image: np.ndarray, corners: np.ndarray) -> dict:
        scores = np.ones(1, dtype=np.float32)
        return self.pipeline(dict(self.dataset_meta, img=image, bbox=corners, bbox_score=scores))

    def _predict(self, inputs: list[dict]) -> list[PoseDataSample]:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        samples: list[PoseDataSample] = []
        with torch.inference_mode():
            for first in range(0, len(inputs), _MAX_BATCH):
                samples += self.model.test_step(pseudo_collate(inputs[first : first + _MAX_BATCH]))
        torch.set_num_threads(threads)
        return samples


def _read_image(file: Path) -> np.ndarray:
    data = file.read_bytes()
    image = None if is_truncated(data) else decode_image(data)
    if image is None:
        raise ValueError(f'image {file}: cannot be decoded, or its end is missing')
    return image


def _corners(box: Sequence[float], image: np.ndarray, clip: bool) -> np.ndarray:
    x, y, width, height = box
    corners = np.array([[x, y, x + width, y + height]], dtype=np.float32)
    if clip:
        corners = np.clip(corners, 0, [image.shape[1] - 1, image.shape[0] - 1] * 2)
    return corners.astype(np.float32)


def _first(sample: PoseDataSample, key: str) -> np.ndarray:
    return sample.pred_instances[key][0].astype(np.float64)

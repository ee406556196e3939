"""Pictures of what a mesh estimator makes of images of its test set."""

from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from torch.utils.data import Dataset

from mmpose_ext.registry import DATASETS, MODELS
from mmpose_ext.visualization.mesh_visualizer import MeshVisualizer


def mesh_sheet(
    config: str | Path, checkpoint: str | Path, picture: Path, images: int = 4, crowd: int = 2
) -> None:
    """Draw input, predicted and true bodies of a few test images, one below the other.

    Args:
        config: Config of a mesh estimator.
        checkpoint: Its checkpoint.
        picture: PNG file to write.
        images: Number of images.
        crowd: Images with at least so many people are chosen, as far as there are.
    """
    config = Config.fromfile(config)
    init_default_scope(config.get('default_scope', 'mmpose'))
    dataset = DATASETS.build(config.test_dataloader.dataset)
    model = MODELS.build(config.model)
    load_checkpoint(model, str(checkpoint), map_location='cpu')
    model.eval()
    visualizer = MeshVisualizer(body_model=config.visualizer.get('body_model'))
    drawn = []
    for indices in choose_images(dataset, images, crowd):
        batch = pseudo_collate([dataset[index] for index in indices])
        inputs = [
            {name: values[row] for name, values in batch['inputs'].items()}
            for row in range(len(indices))
        ]
        samples = model.predict(**model.data_preprocessor(batch))
        image = cv2.imread(samples[0].img_path)[..., ::-1]
        drawn.append(visualizer.add_datasample('sheet', image, samples, inputs))
    width = max(sheet.shape[1] for sheet in drawn)
    padded = [np.pad(s, ((0, 8), (0, width - s.shape[1]), (0, 0))) for s in drawn]
    cv2.imwrite(str(picture), np.concatenate(padded)[..., ::-1])


def choose_images(dataset: Dataset, images: int, crowd: int) -> list[list[int]]:
    """Choose images spread over a data set.

    Args:
        dataset: One sample per person.
        images: Number of images.
        crowd: Images with at least so many people are preferred.

    Returns:
        Of each image the indices of its people.
    """
    people: dict[str, list[int]] = {}
    for index in range(len(dataset)):
        people.setdefault(dataset.get_data_info(index)['img_path'], []).append(index)
    crowded = [indices for indices in people.values() if len(indices) >= crowd]
    pool = crowded if len(crowded) >= images else list(people.values())
    return [pool[i * len(pool) // images] for i in range(min(images, len(pool)))]

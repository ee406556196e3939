"""Edge maps of images of a config's test set."""

from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmpose_ext.apis.mesh_sheet import choose_images
from mmpose_ext.datasets.transforms import RenderSMPLEdge
from mmpose_ext.registry import DATASETS
from mmpose_ext.visualization.edge_sheet import edge_sheet


def edge_pictures(config: str | Path, picture: Path, images: int = 3, crowd: int = 2) -> None:
    """Draw SMPL edges, hidden ones too, and the images' own edges, one image below the other.

    Args:
        config: Config whose test set has annotated bodies.
        picture: PNG file to write.
        images: Number of images.
        crowd: Images with at least so many people are chosen, as far as there are.
    """
    config = Config.fromfile(config)
    init_default_scope(config.get('default_scope', 'mmpose'))
    dataset = DATASETS.build(config.test_dataloader.dataset)
    render = RenderSMPLEdge(body_model=config.test_dataloader.dataset.get('body_model'))
    sheets = []
    for indices in choose_images(dataset, images, crowd):
        record = dataset.get_data_info(indices[0])
        image = cv2.imread(record['img_path'])
        people = render.people(record | dict(img_shape=image.shape))
        sheets.append(edge_sheet(image, people))
    width = max(sheet.shape[1] for sheet in sheets)
    padded = [np.pad(s, ((0, 8), (0, width - s.shape[1]), (0, 0))) for s in sheets]
    cv2.imwrite(str(picture), np.concatenate(padded))

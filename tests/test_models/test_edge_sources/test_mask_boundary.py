import numpy as np
import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import nn

from mmpose_ext.models.edge_sources import MaskBoundarySource, mask_boundaries

PIPELINE = [
    dict(type='LoadImageFromFile', backend_args=None),
    dict(type='Resize', scale=(80, 64), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor')),
]


@MMDET_MODELS.register_module(force=True)
class ToySegmentor(BaseModel):
    """Finds red, green and blue things; the second of them is no person, the third is doubtful."""

    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor)
        self.threshold = nn.Parameter(torch.zeros(1))
        self.norm = nn.SyncBatchNorm(3)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        assert mode == 'predict' and not self.training
        for image, sample in zip(inputs, data_samples):
            size = sample.metainfo['ori_shape'][:2]
            masks = nn.functional.interpolate(image[None].float(), size)[0] > self.threshold
            sample.pred_instances = InstanceData(
                masks=masks, labels=torch.tensor([0, 1, 0]), scores=torch.tensor([0.9, 0.9, 0.4])
            )
        return data_samples


@pytest.fixture
def config():
    preprocessor = dict(type='DetDataPreprocessor', bgr_to_rgb=True)
    return Config(
        dict(
            model=dict(type='ToySegmentor', data_preprocessor=preprocessor),
            test_dataloader=dict(dataset=dict(type='CocoDataset', pipeline=PIPELINE)),
        )
    )


@pytest.fixture
def checkpoint(tmp_path):
    state = ToySegmentor().state_dict() | {'threshold': torch.tensor([100.0])}
    path = tmp_path / 'toy.pth'
    torch.save(dict(state_dict=state, meta={}), path)
    return str(path)


@pytest.fixture
def image():
    """BGR: a red, a green and a blue square, at half the size that the segmentor works at."""
    picture = np.zeros((32, 40, 3), np.uint8)
    picture[4:14, 4:14, 2] = 255
    picture[8:20, 22:34, 1] = 255
    picture[20:28, 6:18, 0] = 255
    return picture


def brute_force(masks, thickness):
    """A pixel of a mask with a neighbour outside, then the square around it."""
    height, width = masks.shape[1:]
    edges = np.zeros((height, width), np.float32)
    reach = thickness // 2
    for mask, row, column in np.ndindex(masks.shape):
        rows = slice(max(row - 1, 0), row + 2)
        columns = slice(max(column - 1, 0), column + 2)
        if masks[mask, row, column] and not masks[mask, rows, columns].all():
            rows = slice(max(row - reach, 0), row + reach + 1)
            edges[rows, max(column - reach, 0) : column + reach + 1] = 1
    return edges


@pytest.mark.parametrize('thickness', [1, 3, 5])
@pytest.mark.parametrize('density', [0.2, 0.9, 0.99])
def test_boundaries_equal_brute_force(thickness, density):
    masks = np.random.default_rng(0).random((3, 17, 14)) < density
    found = mask_boundaries(masks, thickness)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, brute_force(masks, thickness))


def test_boundaries_of_overlapping_people_both_stay():
    masks = np.zeros((2, 12, 12), bool)
    masks[0, 2:8, 2:8] = masks[1, 4:11, 4:11] = True
    edges = mask_boundaries(masks)
    assert edges[4, 5] == 1 and edges[7, 5] == 1
    assert edges[5, 5] == 0


def test_the_images_border_bounds_nothing_and_nobody_has_no_edges():
    assert mask_boundaries(np.ones((1, 6, 7), np.uint8)).sum() == 0
    assert mask_boundaries(np.zeros((0, 6, 7), bool)).shape == (6, 7)
    # Values other than one count as inside.
    masks = np.zeros((1, 6, 7), np.int64)
    masks[0, :, 3:] = 256
    np.testing.assert_array_equal(mask_boundaries(masks).nonzero()[1], [3] * 6)


@pytest.mark.parametrize('thickness', [0, 2, -1])
def test_even_lines_are_refused(thickness):
    with pytest.raises(ValueError, match=f'thickness got {thickness}'):
        mask_boundaries(np.zeros((1, 4, 4), bool), thickness)
    with pytest.raises(ValueError, match=r'expected \(N, H, W\)'):
        mask_boundaries(np.zeros((4, 4), bool))


@pytest.mark.parametrize(('threshold', 'squares'), [(0.5, 1), (0.3, 2)])
def test_source_draws_the_people_of_a_segmentor(config, checkpoint, image, threshold, squares):
    source = MaskBoundarySource(config, checkpoint, score_threshold=threshold, thickness=3)
    masks = np.stack([image[..., 2] > 0, image[..., 0] > 0])[:squares]
    np.testing.assert_array_equal(source.mask_edge_map(image), brute_force(masks, 3))


def test_another_class_can_be_the_people(config, checkpoint, image):
    source = MaskBoundarySource(config, checkpoint, person_label=1)
    np.testing.assert_array_equal(source.person_masks(image), image[None, ..., 1] > 0)


def test_an_image_without_people_has_no_edges(config, checkpoint):
    source = MaskBoundarySource(config, checkpoint, score_threshold=0.95)
    edges = source.mask_edge_map(np.zeros((32, 40, 3), np.uint8))
    assert edges.shape == (32, 40) and edges.sum() == 0


def test_the_scope_of_bare_names_stays(config, checkpoint, image):
    with DefaultScope.overwrite_default_scope('mmpose'):
        MaskBoundarySource(config, checkpoint).mask_edge_map(image)
        assert DefaultScope.get_current_instance().scope_name == 'mmpose'


def test_weights_must_be_there_and_complete(config, tmp_path):
    with pytest.raises(ValueError, match='checkpoint got None, expected .*configs/mask2former'):
        MaskBoundarySource(config)
    with pytest.raises(FileNotFoundError, match='none.pth'):
        MaskBoundarySource(config, tmp_path / 'none.pth')
    path = tmp_path / 'half.pth'
    torch.save({'norm.weight': torch.ones(3)}, path)
    with pytest.raises(ValueError, match=r"half.pth' got no \['threshold', 'norm.bias'"):
        MaskBoundarySource(config, path)
    torch.save({'norm.weight': torch.ones(5)}, path)
    with pytest.raises(ValueError, match=r'(?s)of another model than its config.*norm.weight'):
        MaskBoundarySource(config, path)


def test_a_missing_config_is_an_error(checkpoint):
    with pytest.raises(FileNotFoundError, match='no_such_config.py'):
        MaskBoundarySource('no_such_config.py', checkpoint)

import cv2
import numpy as np
import pytest
import torch

from mmpose_ext.models.edge_sources.dilation import check_dilation, dilate


@pytest.mark.parametrize('size', [3, 5, 7, 9])
def test_dilation_is_opencvs_up_to_the_border(size):
    edges = np.random.default_rng(0).random((2, 21, 14), dtype=np.float32) ** 8
    thick = dilate(torch.from_numpy(edges)[:, None], size)
    for found, image in zip(thick[:, 0].numpy(), edges):
        np.testing.assert_array_equal(found, cv2.dilate(image, np.ones((size, size))))


def test_no_dilation_is_no_change():
    edges = torch.rand(1, 1, 5, 6)
    assert dilate(edges, 0) is edges


@pytest.mark.parametrize('size', [1, 4, 11, -3])
def test_other_sizes_are_refused(size):
    with pytest.raises(ValueError, match=rf'dilation got {size}, expected one of \(0, 3'):
        check_dilation(size)

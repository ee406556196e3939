import math

import pytest
import torch
from mmpose.registry import MODELS

from mmpose_ext.models import OCRHead
from mmpose_ext.models.heads.ocr_head import RegionAttention, attend, region_vectors

CHANNELS = (4, 8)


@pytest.fixture
def head():
    torch.manual_seed(0)
    return OCRHead(CHANNELS, channels=6, key_channels=5, num_classes=3).eval()


def maps(batch=2):
    torch.manual_seed(1)
    return torch.randn(batch, 4, 8, 6), torch.randn(batch, 8, 4, 3)


def test_scores_have_the_size_of_the_finest_map(head):
    logits = head(maps())
    assert logits.coarse.shape == logits.fine.shape == (2, 3, 8, 6)


def test_region_vectors_equal_a_loop():
    torch.manual_seed(0)
    pixels, scores = torch.randn(2, 5, 3, 4), 3 * torch.randn(2, 2, 3, 4)
    found = region_vectors(pixels, scores)
    for image in range(2):
        for region in range(2):
            places = [(row, column) for row in range(3) for column in range(4)]
            weights = [math.exp(scores[image, region, r, c]) for r, c in places]
            expected = sum(w * pixels[image, :, r, c] for w, (r, c) in zip(weights, places))
            torch.testing.assert_close(found[image, region], expected / sum(weights))


def test_attention_equals_a_loop():
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 5, 7), torch.randn(2, 5, 3), torch.randn(2, 4, 3)
    found = attend(query, key, value)
    for image in range(2):
        for pixel in range(7):
            similarity = [
                float(query[image, :, pixel] @ key[image, :, region]) / math.sqrt(5)
                for region in range(3)
            ]
            weights = [math.exp(value) for value in similarity]
            expected = sum(w * value[image, :, r] for r, w in enumerate(weights)) / sum(weights)
            torch.testing.assert_close(found[image, :, pixel], expected)


def test_context_of_pixels_equals_attention_pixel_by_pixel():
    torch.manual_seed(0)
    attention = RegionAttention(6, 5, dict(type='BN')).eval()
    pixels, regions = torch.randn(1, 6, 3, 4), torch.randn(1, 2, 6)
    found = attention(pixels, regions)
    for row in range(3):
        for column in range(4):
            alone = attention(pixels[:, :, row : row + 1, column : column + 1], regions)
            torch.testing.assert_close(found[:, :, row, column], alone[:, :, 0, 0])


def test_a_pixel_sees_the_whole_image_through_the_regions(head):
    finest, coarser = maps(1)
    before = head((finest, coarser)).fine[..., 0, 0]
    finest[..., -1, -1] += 5
    assert not torch.allclose(head((finest, coarser)).fine[..., 0, 0], before)


def test_missing_maps_are_an_error(head):
    with pytest.raises(ValueError, match=r'got \(4,\) channels, expected \(4, 8\).*multiscale'):
        head(maps()[:1])


def test_it_follows_a_multiscale_hrnet_and_all_learns():
    stages = {
        f'stage{number}': dict(
            num_modules=1,
            num_branches=number,
            block='BASIC',
            num_blocks=(1,) * number,
            num_channels=tuple(4 * 2**branch for branch in range(number)),
            multiscale_output=True,
        )
        for number in (2, 3, 4)
    }
    stages['stage1'] = dict(
        num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(1,), num_channels=(4,)
    )
    backbone = MODELS.build(dict(type='HRNet', extra=stages, norm_eval=False))
    head = OCRHead((4, 8, 16, 32), channels=8, key_channels=4)
    logits = head(backbone(torch.randn(2, 3, 64, 64)))
    assert logits.fine.shape == (2, 2, 16, 16)
    (logits.fine.square().sum() + logits.coarse.square().sum()).backward()
    for module in (backbone, head):
        for name, parameter in module.named_parameters():
            assert parameter.grad is not None, name

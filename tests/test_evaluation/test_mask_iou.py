import numpy as np
import pytest
import torch

from mmpose_ext.evaluation import MaskIoU


def sample(label, found):
    return dict(
        img_path='a.jpg',
        gt_fields=dict(foreground=torch.as_tensor(label)[None]),
        pred_fields=dict(foreground=torch.as_tensor(found, dtype=torch.float32)[None]),
    )


def test_all_pixels_of_the_dataset_count_together():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, (5, 8, 6)).astype(np.uint8)
    labels[:, :2] = 255
    found = random.random((5, 8, 6))
    metric = MaskIoU(threshold=0.4)
    metric.process(None, [sample(*pair) for pair in zip(labels[:2], found[:2])])
    metric.process(None, [sample(*pair) for pair in zip(labels[2:], found[2:])])
    expected = []
    for cls in (0, 1):
        both = either = 0
        for label, probability in zip(labels.ravel(), found.ravel()):
            if label != 255:
                predicted = int(probability >= 0.4)
                both += label == cls and predicted == cls
                either += label == cls or predicted == cls
        expected.append(100 * both / either)
    result = metric.evaluate(5)
    assert result['mask/IoU'] == pytest.approx(expected[1])
    assert result['mask/mIoU'] == pytest.approx(np.mean(expected))


def test_a_class_that_does_not_occur_is_left_out():
    metric = MaskIoU()
    metric.process(None, [sample(np.zeros((3, 3), np.uint8), np.zeros((3, 3)))])
    result = metric.evaluate(1)
    assert np.isnan(result['mask/IoU']) and result['mask/mIoU'] == 100


def test_bad_predictions_are_errors():
    with pytest.raises(ValueError, match=r'a.jpg: prediction got shape \(1, 2, 2\)'):
        MaskIoU().process(None, [sample(np.zeros((3, 3)), np.zeros((2, 2)))])
    with pytest.raises(ValueError, match='a.jpg: prediction got NaN'):
        MaskIoU().process(None, [sample(np.zeros((3, 3)), np.full((3, 3), np.nan))])

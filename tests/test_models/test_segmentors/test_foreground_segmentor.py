import pytest
import torch
from torch import nn

from mmpose_ext.evaluation import MaskIoU
from mmpose_ext.models.segmentors import foreground_probability


def test_it_learns_and_predicts_at_the_size_of_the_input(segmentor, batch):
    for module in segmentor.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # A few steps are too few for a slow average of what changes.
    optimizer = torch.optim.Adam(segmentor.parameters(), lr=0.02)
    data = segmentor.data_preprocessor(batch, training=True)
    segmentor.train()
    totals = []
    for _ in range(15):
        losses = segmentor(**data, mode='loss')
        assert losses.keys() == {'loss_iou', 'loss_coarse'}
        total = sum(losses.values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(total.item())
    assert totals[-1] < 0.5 * totals[0]
    with torch.no_grad():
        segmentor(**data, mode='loss')
    segmentor.eval()
    samples = segmentor.val_step(batch)
    for sample in samples:
        found = sample.pred_fields.foreground
        assert found.shape == (1, 32, 32) and found.dtype == torch.float32
        assert found.min() >= 0 and found.max() <= 1
    metric = MaskIoU()
    metric.process(None, [sample.to_dict() for sample in samples])
    assert metric.evaluate(len(samples))['mask/IoU'] > 70


def test_the_coarse_scores_count_by_their_weight(segmentor, batch, config):
    data = segmentor.data_preprocessor(batch)
    segmentor.eval()
    before = segmentor(**data, mode='loss')
    segmentor.coarse_weight = 4.0
    after = segmentor(**data, mode='loss')
    assert after['loss_coarse'].item() == pytest.approx(10 * before['loss_coarse'].item(), rel=1e-5)
    assert after['loss_iou'].item() == pytest.approx(before['loss_iou'].item(), rel=1e-5)


def test_probability_is_the_softmax_of_the_second_class(segmentor, batch):
    segmentor.eval()
    data = segmentor.data_preprocessor(batch)
    with torch.no_grad():
        logits = segmentor(**data)
    assert logits.fine.shape == logits.coarse.shape == (4, 2, 8, 8)
    found = foreground_probability(logits, (8, 8))
    expected = torch.sigmoid(logits.fine[:, 1:] - logits.fine[:, :1])
    torch.testing.assert_close(found, expected)


def test_an_unknown_mode_is_an_error(segmentor, batch):
    with pytest.raises(ValueError, match="mode got 'train'"):
        segmentor(**segmentor.data_preprocessor(batch), mode='train')


def test_images_of_other_sizes_are_padded_and_what_was_added_is_cut_off(segmentor):
    segmentor.eval()
    images = torch.randn(1, 3, 40, 36)
    with torch.no_grad():
        found = segmentor(images)
        padded = segmentor(nn.functional.pad(images, (0, 28, 0, 24)))
    assert found.fine.shape == found.coarse.shape == (1, 2, 10, 9)
    torch.testing.assert_close(found.fine, padded.fine[..., :10, :9])
    with pytest.raises(ValueError, match=r'got height and width \(42, 36\)'):
        segmentor(torch.randn(1, 3, 42, 36))

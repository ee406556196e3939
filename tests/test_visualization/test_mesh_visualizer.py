import logging

import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmpose.registry import VISUALIZERS

from mmpose_ext.rendering import rasterize
from mmpose_ext.visualization import MeshVisualizer, person_colors

_WIDTH, _HEIGHT, _GAP = 320, 240, 6
_IMAGE = np.full((_HEIGHT, _WIDTH, 3), 120, np.uint8)


@pytest.fixture(scope='module')
def visualizer():
    config = dict(type='mmpose_ext.MeshVisualizer', name='meshes', body_model=dict(path='standin'))
    return VISUALIZERS.build(config)


@pytest.fixture
def people(make_sample):
    return [
        make_sample(0, box=(20, 20, 220, 220)),
        make_sample(1, box=(120, 40, 300, 220), gender='female'),
    ]


def panel(sheet, column, row=0):
    top = _GAP + row * (_HEIGHT + 18 + _GAP)
    left = _GAP + column * (_WIDTH + _GAP)
    return sheet[top : top + _HEIGHT, left : left + _WIDTH]


def silhouette(visualizer, sample, labelled=False):
    bodies = visualizer.bodies
    person = bodies.labelled(sample) if labelled else bodies.predicted(sample)
    return rasterize([person.vertices], bodies.body().faces, person.camera).face_ids >= 0


def test_predictions_above_and_labels_below(visualizer, people):
    sheet = visualizer.add_datasample('x', _IMAGE, people)
    assert sheet.shape == (2 * (_HEIGHT + 18 + _GAP) + _GAP, 4 * (_WIDTH + _GAP) + _GAP, 3)
    for row, labelled in ((0, False), (1, True)):
        masks = [silhouette(visualizer, sample, labelled) for sample in people]
        overlay = panel(sheet, 1, row)
        assert min(mask.sum() for mask in masks) > 1000
        for index, mask in enumerate(masks):
            alone = overlay[mask & ~masks[1 - index]].astype(float) - 0.15 * 120
            shades = alone / np.linalg.norm(alone, axis=1, keepdims=True)
            color = person_colors(2)[index] / np.linalg.norm(person_colors(2)[index].astype(float))
            assert (shades @ color > 0.995).mean() > 0.9
        covered = masks[0] | masks[1]
        changed = (overlay != 120).any(axis=2)
        assert changed[covered].mean() > 0.95
        # What changes outside is the numbers over the heads.
        outside = np.argwhere(changed & ~covered)
        top = np.argwhere(covered)[:, 0].min()
        assert (outside[:, 0] < top + 60).all()
    assert (panel(sheet, 0, 1) == 120).all()


def test_everybody_has_one_color_in_all_panels(visualizer, people):
    sheet = visualizer.add_datasample('x', _IMAGE, people)
    colors = person_colors(2).astype(float)
    hues = colors / np.linalg.norm(colors, axis=1, keepdims=True)
    for column in (2, 3):
        for row in (0, 1):
            pixels = panel(sheet, column, row).reshape(-1, 3).astype(float)
            pixels = pixels[pixels.max(axis=1) - pixels.min(axis=1) > 40]
            pixels /= np.linalg.norm(pixels, axis=1, keepdims=True)
            for hue in hues:
                assert (pixels @ hue > 0.999).sum() > 300


def test_labels_can_be_left_out_and_need_not_exist(visualizer, people):
    one_row = (_HEIGHT + 18 + 2 * _GAP, 4 * (_WIDTH + _GAP) + _GAP, 3)
    assert visualizer.add_datasample('x', _IMAGE, people, draw_gt=False).shape == one_row
    for sample in people:
        sample.gt_instances.smpl_valid = np.zeros(1)
    assert visualizer.add_datasample('x', _IMAGE, people[0]).shape == one_row
    only_labels = visualizer.add_datasample('x', _IMAGE, people, draw_pred=False, draw_gt=False)
    assert only_labels.shape[1] == _WIDTH + 2 * _GAP


def test_inputs_are_drawn_where_the_crop_came_from(visualizer, make_sample):
    sample = make_sample(box=(80, 20, 280, 220))
    joints, mask = torch.zeros(30, 2), torch.zeros(30, 1)
    joints[0], mask[0] = torch.tensor([32.0, 16.0]), 1
    edge = torch.zeros(1, 64, 64)
    edge[0, 10:20] = 2.5
    inputs = [dict(joints=joints, joints_mask=mask, edge=edge)]
    sheet = visualizer.add_datasample('x', _IMAGE, sample, inputs, draw_gt=False)
    drawn = panel(sheet, 0)
    # Half and a quarter of the box of 200 px.
    rows, columns = np.nonzero((drawn[50:100, 150:210] != 120).any(axis=2))
    np.testing.assert_allclose([columns.mean() + 150, rows.mean() + 50], [180, 70], atol=1)
    assert (drawn[220, 81:280] == person_colors(1)[0]).all()
    edges = cv2.resize(panel(sheet, 4)[:, 40:280], (64, 64), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(edges[..., 0], edge[0].numpy() * 102, atol=60)
    assert edges[10:20].mean() > 240 > 10 > edges[25:].mean()


def test_large_images_are_drawn_in_panels_of_the_given_size(people):
    small = MeshVisualizer('small', body_model=dict(path='standin'), panel_size=160)
    sheet = small.add_datasample('x', _IMAGE, people, draw_gt=False)
    assert sheet.shape[1] == 4 * (160 + _GAP) + _GAP
    full = MeshVisualizer('full', body_model=dict(path='standin'))
    large = full.add_datasample('x', _IMAGE, people, draw_gt=False)
    overlay = sheet[_GAP : _GAP + 120, 2 * _GAP + 160 : 2 * _GAP + 320].astype(int)
    reduced = cv2.resize(panel(large, 1), (160, 120), interpolation=cv2.INTER_AREA)
    # Outlines and numbers aside.
    assert (np.abs(overlay - reduced).max(axis=2) > 30).mean() < 0.06


def test_picture_goes_to_the_file_or_to_the_backends(people, tmp_path):
    visualizer = MeshVisualizer(
        'stored',
        body_model=dict(path='standin'),
        vis_backends=[dict(type='LocalVisBackend')],
        save_dir=str(tmp_path),
    )
    file = tmp_path / 'own' / 'a.png'
    drawn = visualizer.add_datasample('crowd', _IMAGE, people, out_file=file, step=3)
    np.testing.assert_array_equal(cv2.imread(str(file))[..., ::-1], drawn)
    assert not (tmp_path / 'vis_data' / 'vis_image').exists()
    visualizer.add_datasample('crowd', _IMAGE, people, step=3)
    (stored,) = (tmp_path / 'vis_data' / 'vis_image').iterdir()
    assert stored.name == 'crowd_3.png'
    np.testing.assert_array_equal(cv2.imread(str(stored))[..., ::-1], drawn)


def test_prediction_that_is_not_finite_is_left_out_and_reported(visualizer, people):
    people[0].pred_instances.vertices[0, 0, 0] = np.nan
    handler, records = logging.Handler(), []
    handler.emit = records.append
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    sheet = visualizer.add_datasample('x', _IMAGE, people, draw_gt=False)
    logger.removeHandler(handler)
    (record,) = records
    assert 'prediction of person 100 in images/crowd.jpg has vertices' in record.getMessage()
    other = silhouette(visualizer, people[1])
    changed = (panel(sheet, 1)[100:] != 120).any(axis=2)
    assert (changed == other[100:]).mean() > 0.999


def test_arguments_that_do_not_fit_are_refused(visualizer, people):
    with pytest.raises(ValueError, match=r'got 1 inputs, expected one per person \(2\)'):
        visualizer.add_datasample('x', _IMAGE, people, inputs=[{}])
    with pytest.raises(ValueError, match='panel_size got 3'):
        MeshVisualizer('tiny', panel_size=3)

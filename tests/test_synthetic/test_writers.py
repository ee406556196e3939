"""The files are read by MMPose's own data sets and metrics."""

import json

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from mmpose.datasets.datasets import CocoDataset, HalpeDataset, MpiiDataset
from mmpose.evaluation import CocoMetric, MpiiPCKAccuracy
from scipy.io import loadmat
from xtcocotools import mask as coco_mask

from mmpose_ext.synthetic.coco_labels import keypoint_list, mask_polygons
from mmpose_ext.synthetic.mpii_labels import HEAD_TOP, PELVIS, THORAX, UPPER_NECK

COCO_VAL = 'coco/annotations/person_keypoints_val2017.json'
DETECTIONS = 'coco/person_detection_results/COCO_val2017_detections_AP_H_56_person.json'


def read(path):
    return json.loads(path.read_text())


@pytest.fixture
def coco(data_set):
    return CocoDataset(
        ann_file=str(data_set / COCO_VAL), data_prefix=dict(img=str(data_set / 'coco/val2017'))
    )


@pytest.fixture
def mpii(data_set):
    folder = data_set / 'mpii'
    return MpiiDataset(
        ann_file=str(folder / 'annotations/mpii_val.json'),
        headbox_file=str(folder / 'annotations/mpii_gt_val.mat'),
        data_prefix=dict(img=str(folder / 'images')),
        test_mode=True,
    )


def coco_average_precision(dataset, path, shift=0.0):
    samples = []
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        side = np.sqrt(info['area']).reshape(1, 1, 1)
        samples.append(
            dict(
                id=info['id'],
                img_id=info['img_id'],
                category_id=info['category_id'],
                ori_shape=(1, 1),
                gt_instances={},
                pred_instances=dict(
                    keypoints=info['keypoints'] + shift * side,
                    keypoint_scores=np.ones(info['keypoints'].shape[:2]),
                    bbox_scores=np.ones(1),
                    bboxes=info['bbox'],
                ),
            )
        )
    evaluator = Evaluator([CocoMetric(ann_file=str(path))])
    evaluator.dataset_meta = dict(dataset.metainfo)
    evaluator.process(samples, {})
    return evaluator.evaluate(len(samples))['coco/AP']


def test_perfect_predictions_have_coco_ap_one(coco, data_set):
    assert len(coco) >= 6
    assert coco_average_precision(coco, data_set / COCO_VAL) == pytest.approx(1)


def test_displaced_predictions_have_lower_coco_ap(coco, data_set):
    assert coco_average_precision(coco, data_set / COCO_VAL, shift=0.15) < 0.8


def test_coco_annotations_are_consistent(data_set):
    content = read(data_set / COCO_VAL)
    sizes = {image['id']: (image['width'], image['height']) for image in content['images']}
    assert len({annotation['id'] for annotation in content['annotations']}) == len(
        content['annotations']
    )
    assert len(content['categories'][0]['keypoints']) == 17
    for annotation in content['annotations']:
        width, height = sizes[annotation['image_id']]
        keypoints = np.array(annotation['keypoints']).reshape(17, 3)
        labelled = keypoints[:, 2] > 0
        assert annotation['num_keypoints'] == labelled.sum()
        assert (keypoints[~labelled] == 0).all()
        assert (keypoints[labelled, :2] >= 0).all()
        assert (keypoints[labelled, :2] < [width, height]).all()
        x, y, w, h = annotation['bbox']
        assert 0 <= x <= x + w <= width and 0 <= y <= y + h <= height
        assert 0 < annotation['area'] <= w * h


def test_polygons_cover_the_annotated_area(data_set):
    content = read(data_set / COCO_VAL)
    sizes = {image['id']: (image['height'], image['width']) for image in content['images']}
    for annotation in content['annotations']:
        runs = coco_mask.frPyObjects(annotation['segmentation'], *sizes[annotation['image_id']])
        mask = coco_mask.decode(coco_mask.merge(runs))
        rows, columns = np.nonzero(mask)
        x, y, w, h = annotation['bbox']
        assert abs(columns.min() - x) <= 1 and abs(columns.max() + 1 - x - w) <= 1
        assert abs(rows.min() - y) <= 1 and abs(rows.max() + 1 - y - h) <= 1
        # Polygons are simplified by up to half a pixel, and have no holes.
        margin = 2 * (w + h)
        assert -margin < int(mask.sum()) - annotation['area'] < margin + 0.3 * annotation['area']


def test_polygons_of_a_mask_in_two_parts():
    mask = np.zeros((20, 30), bool)
    mask[2:10, 3:12] = mask[12:19, 15:29] = True
    polygons = mask_polygons(mask, (5, 7, 30, 20))
    decoded = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(polygons, 40, 50)))
    expected = np.zeros((40, 50), bool)
    expected[7:27, 5:35] = mask
    assert len(polygons) == 2
    assert (decoded.astype(bool) != expected).sum() <= 4


def test_keypoints_are_whole_pixels_and_zero_where_unlabelled():
    pixels = np.array([[1.6, 2.4], [np.nan, np.nan], [7.0, 8.0]])
    assert keypoint_list(pixels, np.array([2, 0, 1])) == [2, 2, 2, 0, 0, 0, 7, 8, 1]


def test_detections_load_and_mostly_hit(data_set, coco):
    dataset = CocoDataset(
        ann_file=str(data_set / COCO_VAL),
        bbox_file=str(data_set / DETECTIONS),
        data_prefix=dict(img=''),
        test_mode=True,
    )
    assert len(dataset) >= len(coco) - 2
    content, found = read(data_set / COCO_VAL), read(data_set / DETECTIONS)
    hits = []
    for annotation in content['annotations']:
        if annotation['num_keypoints'] < 12:
            continue
        boxes = [d['bbox'] for d in found if d['image_id'] == annotation['image_id']]
        overlaps = coco_mask.iou(
            np.array(boxes, float).reshape(-1, 4), np.array([annotation['bbox']], float), [0]
        )
        hits.append(np.max(overlaps, initial=0) > 0.5)
    assert np.mean(hits) > 0.7
    assert all(0 < d['score'] < 1 for d in found)


def test_halpe_agrees_with_coco_and_has_26_of_136(data_set):
    dataset = HalpeDataset(
        ann_file=str(data_set / 'halpe/annotations/halpe_val_v1.json'),
        data_prefix=dict(img=str(data_set / 'coco/val2017')),
    )
    assert len(dataset) >= 6
    halpe = read(data_set / 'halpe/annotations/halpe_val_v1.json')['annotations']
    coco = read(data_set / COCO_VAL)['annotations']
    for one, other in zip(halpe, coco, strict=True):
        assert len(one['keypoints']) == 136 * 3
        assert one['keypoints'][:51] == other['keypoints']
        assert one['bbox'] == other['bbox'] and one['area'] == other['area']
        assert not any(one['keypoints'][26 * 3 :])
    labelled = np.array([a['keypoints'] for a in halpe]).reshape(-1, 136, 3)[..., 2] > 0
    assert labelled[:, 17:26].any(0).all()


def pck(dataset, shift=0.0):
    samples = []
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        visible = info['keypoints_visible'].astype(bool)[..., None]
        # MMPose adds 1 to predictions, whose pixels count from 0, before it compares.
        predicted = info['keypoints'] - 1 + shift * info['head_size'].reshape(1, 1, 1)
        samples.append(
            dict(
                gt_instances=dict(
                    keypoints=info['keypoints'],
                    keypoints_visible=visible,
                    head_size=info['head_size'],
                ),
                pred_instances=dict(keypoints=predicted),
            )
        )
    evaluator = Evaluator([MpiiPCKAccuracy()])
    evaluator.dataset_meta = dict(dataset.metainfo)
    evaluator.process(samples, {})
    return evaluator.evaluate(len(samples))


def test_perfect_predictions_have_pckh_100(mpii):
    metrics = pck(mpii)
    assert metrics['PCK'] == pytest.approx(100)
    assert metrics['PCK@0.1'] == pytest.approx(100)


def test_pckh_is_measured_in_head_sizes(mpii):
    # Both coordinates are off, so the distance is the shift times the square root of 2.
    assert pck(mpii, 0.34)['PCK'] == pytest.approx(100)
    assert pck(mpii, 0.37)['PCK'] == pytest.approx(0)


def test_mpii_joints_follow_the_published_rules(data_set):
    entries = read(data_set / 'mpii/annotations/mpii_val.json')
    head_boxes = loadmat(data_set / 'mpii/annotations/mpii_gt_val.mat')['headboxes_src']
    assert head_boxes.shape == (2, 2, len(entries))
    for entry, box in zip(entries, head_boxes.transpose(2, 0, 1)):
        joints, labelled = np.array(entry['joints']), np.array(entry['joints_vis'], bool)
        assert (joints[~labelled] == -1).all()
        assert (joints[labelled] >= 0).all()
        segment = np.linalg.norm(joints[HEAD_TOP] - joints[UPPER_NECK])
        assert segment == pytest.approx(entry['scale'] * 200 / 6, rel=1e-4)
        assert np.linalg.norm(box[1] - box[0]) * 0.6 * 8 == pytest.approx(
            entry['scale'] * 200, rel=1e-4
        )
        middle = (joints[HEAD_TOP] + joints[UPPER_NECK]) / 2
        assert np.allclose(middle, box.mean(0), atol=1e-3)
        assert np.abs(joints[THORAX] - joints[[12, 13]].mean(0)).max() <= 0.5
        if labelled[PELVIS]:
            assert np.abs(joints[PELVIS] - joints[[2, 3]].mean(0)).max() <= 0.5


def test_mat_file_says_the_same_as_the_annotations(data_set):
    entries = read(data_set / 'mpii/annotations/mpii_val.json')
    content = loadmat(data_set / 'mpii/annotations/mpii_gt_val.mat')
    names = [str(name[0]) for name in content['dataset_joints'][0]]
    assert names[9] == 'head' and names[13] == 'lsho' and len(names) == 16
    missing = 1 - np.array([entry['joints_vis'] for entry in entries]).T
    assert np.array_equal(content['jnt_missing'], missing)
    joints = np.array([entry['joints'] for entry in entries])
    assert np.allclose(content['pos_gt_src'], joints.transpose(1, 2, 0))

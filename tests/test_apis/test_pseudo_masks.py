import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.hub import get_config
from mmengine.registry import DefaultScope

from mmpose_ext.apis.mmdet_mask_adapter import DEFAULT_DETECTORS, Detections, MMDetMaskAdapter
from mmpose_ext.apis.pseudo_masks import PseudoMaskGenerator
from mmpose_ext.rendering import draw_capsule
from mmpose_ext.skeletons import COCO17

HEIGHT, WIDTH = 96, 72
BOX = np.array([10, 5, 50, 86, 1])


def body():
    """Keypoints of a person, and the mask that they were read off."""
    points = {
        'nose': (36, 14),
        'left_shoulder': (46, 26),
        'right_shoulder': (26, 26),
        'left_elbow': (54, 38),
        'right_elbow': (18, 38),
        'left_wrist': (56, 50),
        'right_wrist': (16, 50),
        'left_hip': (42, 56),
        'right_hip': (30, 56),
        'left_knee': (43, 70),
        'right_knee': (29, 70),
        'left_ankle': (43, 86),
        'right_ankle': (29, 86),
    }
    keypoints = np.zeros((17, 3))
    for name, point in points.items():
        keypoints[COCO17.index(name)] = (*point, 1)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    for start, end in COCO17.links:
        if start in points and end in points and 'nose' not in (start, end):
            draw_capsule(mask, *(np.array(points[name], float) for name in (start, end)), 5.0)
    draw_capsule(mask, *(np.array([36.0, y]) for y in (12, 50)), 8.0)
    return keypoints, mask


KEYPOINTS, TRUTH = body()


def noisy(seed):
    """What a detector makes of it: a part is missing, and something else is thought a part."""
    generator = np.random.default_rng(seed)
    mask = TRUTH.astype(np.float32) * 0.9
    rows, columns = np.nonzero(TRUTH)
    for _ in range(3):
        place = generator.integers(len(rows))
        cv2.circle(mask, (int(columns[place]), int(rows[place])), 6, 0.0, -1)
        cv2.circle(mask, tuple(int(v) for v in generator.integers((WIDTH, HEIGHT))), 7, 0.8, -1)
    return mask


def detector(*masks, scores=None, labels=None, boxes=None):
    count = len(masks)
    box = [BOX[0], BOX[1], BOX[0] + BOX[2], BOX[1] + BOX[3]]
    answer = Detections(
        np.array(masks, np.float32).reshape(count, HEIGHT, WIDTH),
        np.full(count, 0.9) if scores is None else np.array(scores),
        np.zeros(count, int) if labels is None else np.array(labels),
        np.array([box] * count if boxes is None else boxes, float).reshape(count, 4),
    )
    return lambda image: answer


def iou(first, second):
    return (first & second).sum() / (first | second).sum()


IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


@pytest.mark.parametrize('seed', range(6))
def test_two_noisy_detectors_and_keypoints_beat_either_detector(seed):
    masks = [noisy(2 * seed), noisy(2 * seed + 1)]
    generator = PseudoMaskGenerator(COCO17, [detector(mask) for mask in masks])
    found = generator(IMAGE, KEYPOINTS, BOX) >= 0.2
    assert iou(found, TRUTH) > max(iou(mask >= 0.2, TRUTH) for mask in masks)
    assert iou(found, TRUTH) > iou(PseudoMaskGenerator(COCO17)(IMAGE, KEYPOINTS, BOX) > 0, TRUTH)


@pytest.mark.parametrize(
    ('conjunction', 'union', 'expected'),
    [
        ('min', 'max', lambda a, b, k: max(min(a, b), k)),
        ('product', 'max', lambda a, b, k: max(a * b, k)),
        ('min', 'prob_or', lambda a, b, k: 1 - (1 - min(a, b)) * (1 - k)),
    ],
)
def test_masks_are_joined_pixel_by_pixel(conjunction, union, expected):
    random = np.random.default_rng(0)
    first, second = random.random((2, HEIGHT, WIDTH)).astype(np.float32)
    options = dict(conjunction=conjunction, union=union, threshold=0.3)
    generator = PseudoMaskGenerator(COCO17, [detector(first), detector(second)], **options)
    found = generator(IMAGE, KEYPOINTS, BOX)
    drawn = PseudoMaskGenerator(COCO17)(None, KEYPOINTS, BOX, (HEIGHT, WIDTH))
    for row in range(0, HEIGHT, 7):
        for column in range(0, WIDTH, 5):
            place = row, column
            value = expected(first[place], second[place], drawn[place])
            assert found[place] == pytest.approx(value if value >= 0.3 else 0, abs=1e-6)


def only(**options):
    """The mask of one detector without the keypoints' area."""
    generator = PseudoMaskGenerator(COCO17)
    return generator.person_mask(
        detector(*options.pop('masks'), **options)(None), KEYPOINTS, BOX, (HEIGHT, WIDTH)
    )


def test_instances_of_others_are_left_out():
    person, other = TRUTH.astype(np.float32), np.zeros((HEIGHT, WIDTH), np.float32)
    other[:, -8:] = 1
    far = [64, 0, 72, 96]
    near = [BOX[0], BOX[1], BOX[0] + BOX[2], BOX[1] + BOX[3]]
    np.testing.assert_array_equal(only(masks=[person, other], boxes=[far, far]), person)
    # A box that fits is enough, as for a mask that is poor.
    np.testing.assert_array_equal(only(masks=[other], boxes=[near]), other)
    both = np.maximum(person, other)
    np.testing.assert_array_equal(only(masks=[person, other], boxes=[near, near]), both)
    for refused in (dict(boxes=[far]), dict(scores=[0.2]), dict(labels=[3])):
        mask = other if 'boxes' in refused else person
        assert not only(masks=[mask], **refused).any()
    # Below row 45 lie wrists, hips, knees and ankles, 8 of 13; below row 60 only four.
    part = person.copy()
    part[:45] = 0
    np.testing.assert_array_equal(only(masks=[part], boxes=[far]), part)
    part[:60] = 0
    assert not only(masks=[part], boxes=[far]).any()


def test_where_a_detector_finds_nobody_the_keypoints_remain():
    keypoints_alone = PseudoMaskGenerator(COCO17)(IMAGE, KEYPOINTS, BOX)
    generator = PseudoMaskGenerator(COCO17, [detector(TRUTH), detector()])
    np.testing.assert_array_equal(generator(IMAGE, KEYPOINTS, BOX), keypoints_alone)
    unseen = KEYPOINTS * [1, 1, 0]
    assert not PseudoMaskGenerator(COCO17, [detector()])(IMAGE, unseen, BOX).any()
    alone = PseudoMaskGenerator(COCO17, [detector(TRUTH)])(IMAGE, unseen, BOX)
    np.testing.assert_array_equal(alone > 0, TRUTH)


def test_unknown_options_are_errors():
    with pytest.raises(ValueError, match=r"conjunction got 'and', expected one of \['min'"):
        PseudoMaskGenerator(COCO17, conjunction='and')
    with pytest.raises(ValueError, match="union got 'or'"):
        PseudoMaskGenerator(COCO17, union='or')


def tiny(name):
    """A shipped config with a thirtieth of the channels."""
    config = get_config(name)
    model = config.model
    model.backbone.update(depth=18, base_channels=8, init_cfg=None)
    model.neck.update(in_channels=[8, 16, 32, 64], out_channels=8)
    model.rpn_head.update(in_channels=8, feat_channels=8)
    heads = model.roi_head
    for extractor in (heads.bbox_roi_extractor, heads.mask_roi_extractor):
        extractor.out_channels = 8
    boxes = heads.bbox_head if isinstance(heads.bbox_head, list) else [heads.bbox_head]
    for head in boxes:
        head.update(in_channels=8, fc_out_channels=16, num_classes=2)
    heads.mask_head.update(in_channels=8, conv_out_channels=8, num_classes=2)
    model.test_cfg.rpn.max_per_img = 20
    model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=5)
    config.test_dataloader.dataset.pipeline[1].scale = (128, 96)
    return config


@pytest.fixture(scope='module')
def adapters(tmp_path_factory):
    """Mask R-CNN and Cascade Mask R-CNN with weights that mean nothing."""
    found = []
    for number, name in enumerate(DEFAULT_DETECTORS):
        config = tiny(name)
        torch.manual_seed(number)
        with DefaultScope.overwrite_default_scope('mmdet'):
            model = MMDET_MODELS.build(config.model)
            model.init_weights()
        path = tmp_path_factory.mktemp('detectors') / f'{number}.pth'
        torch.save(dict(state_dict=model.state_dict()), path)
        found.append(MMDetMaskAdapter(config, path))
    return found


def test_detectors_of_mmdetection_answer_with_soft_masks(adapters):
    image = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    for adapter in adapters:
        found = adapter(image)
        count = len(found.scores)
        assert 0 < count <= 5
        assert found.masks.shape == (count, HEIGHT, WIDTH) and found.boxes.shape == (count, 4)
        assert found.masks.dtype == np.float32 and found.masks.max() <= 1
        values = np.unique(found.masks)
        assert ((values > 0.1) & (values < 0.9)).any()
    generator = PseudoMaskGenerator(COCO17, adapters, score_threshold=0.0)
    mask = generator(image, KEYPOINTS, BOX)
    assert mask.shape == (HEIGHT, WIDTH) and mask.dtype == np.float32
    assert ((mask == 0) | (mask >= 0.2)).all()
    drawn = PseudoMaskGenerator(COCO17)(image, KEYPOINTS, BOX)
    assert (mask[drawn > 0] == 1).all()


def test_the_configs_of_detectors_are_left_as_they_are(adapters, tmp_path):
    config = tiny(DEFAULT_DETECTORS[0])
    path = tmp_path / 'weights.pth'
    torch.save(dict(state_dict=adapters[0]._source.model.state_dict()), path)
    MMDetMaskAdapter(config, path)
    assert config.model.test_cfg.rcnn.mask_thr_binary == 0.5

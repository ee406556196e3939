import json

import numpy as np
import pytest

from mmpose_ext.evaluation import ProjectedOKSMetric
from mmpose_ext.evaluation.functional.projected_joints import ProjectedJoints
from mmpose_ext.evaluation.metrics import union_coco_metric
from mmpose_ext.skeletons import COCO17, CROWDPOSE14, SUPERSET30

# Published by COCO, in its order.
SIGMAS = np.array(
    [0.026, *[0.025] * 2, *[0.035] * 2, *[0.079] * 2, *[0.072] * 2, *[0.062] * 2]
    + [*[0.107] * 2, *[0.087] * 2, *[0.089] * 2]
)
# CrowdPose's own order, for which its annotations are compared with the superset's names.
CROWDPOSE_NAMES = [*COCO17.keypoints[5:], 'head_top', 'neck']
AREA = 12000.0


@pytest.fixture
def scene(make_person, predicted_body, tmp_path):
    """Persons, one per image unless told, and the file in which each is annotated as predicted."""

    def make(count=6, target=COCO17, images=None, area=AREA):
        samples, annotations = [], []
        for number in range(count):
            sample = make_person(number, image=number if images is None else images[number])
            left = 60.0 * number
            fields = sample['pred_instances']
            sample['pred_instances'] = predicted_body(
                fields['smpl_pose'][0], fields['smpl_betas'][0], (left, 50, left + 128, 178)
            )
            samples.append(sample)
            pixels = ProjectedJoints('coco17', 'standin')(sample)
            names = COCO17.keypoints if target is COCO17 else CROWDPOSE_NAMES
            points = np.full((len(names), 3), 2.0)
            points[:, :2] = pixels[SUPERSET30.indices(names)]
            annotations.append(
                dict(
                    id=number,
                    image_id=sample['img_id'],
                    category_id=1,
                    iscrowd=0,
                    area=area,
                    bbox=[left, 50, 120, 120],
                    keypoints=points.ravel().tolist(),
                    num_keypoints=len(names),
                )
            )
        content = dict(
            images=[
                dict(id=i, width=900, height=300, crowdIndex=0.5)
                for i in {one['image_id'] for one in annotations}
            ],
            categories=[dict(id=1, name='person')],
            annotations=annotations,
        )
        file = tmp_path / 'people.json'
        file.write_text(json.dumps(content))
        return str(file), samples

    return make


def evaluate(file, samples, **options):
    metric = ProjectedOKSMetric(file, body_model='standin', **options)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def shift(sample, pixels):
    """Move a prediction to the right in the image."""
    for key in ('keypoints', 'bboxes'):
        array = sample['pred_instances'][key]
        sample['pred_instances'][key] = array + np.resize([pixels, 0], array.shape[-1])


def test_perfect_predictions_have_precision_1(scene):
    result = evaluate(*scene())
    assert result['coco/AP'] == result['coco/AP .75'] == result['coco/AR'] == 1


def test_shifted_predictions_have_the_precision_of_their_similarity(scene):
    file, samples = scene()
    pixels = 9.0
    for sample in samples:
        shift(sample, pixels)
    similarity = np.exp(-(pixels**2) / (2 * AREA * (2 * SIGMAS) ** 2)).mean()
    thresholds = np.arange(0.5, 0.96, 0.05)
    expected = np.mean(similarity >= thresholds)
    assert 0.2 < expected < 0.9
    result = evaluate(file, samples)
    assert result['coco/AP'] == pytest.approx(expected)
    assert result['coco/AP .75'] == (similarity >= 0.75)


def test_ranking_and_misses_count(scene):
    """One of four is lost far away; ranked first it spoils the precision, ranked last not."""
    file, samples = scene(4, images=[0, 0, 0, 0])
    shift(samples[0], 2000)
    for number, sample in enumerate(samples):
        sample['pred_instances']['keypoint_scores'][:] = 0.3 + 0.1 * number
    last = evaluate(file, samples)
    # Three of four are found. At every recall up to 3/4 the precision is 1, above it is 0.
    recalls = np.linspace(0, 1, 101)
    assert last['coco/AP'] == pytest.approx(np.mean(recalls <= 0.75))
    assert last['coco/AR'] == pytest.approx(0.75)
    samples[0]['pred_instances']['keypoint_scores'][:] = 0.9
    first = evaluate(file, samples)
    assert first['coco/AP'] == pytest.approx(0.75 * np.mean(recalls <= 0.75))
    # The score of the box may rank instead.
    samples[0]['pred_instances']['bbox_scores'][:] = 0.1
    assert evaluate(file, samples, score_mode='bbox') == pytest.approx(last, nan_ok=True)


def test_crowdpose_compares_head_top_and_neck(scene):
    file, samples = scene(4, CROWDPOSE14)
    options = dict(target='crowdpose14', iou_type='keypoints_crowd', use_area=False)
    result = evaluate(file, samples, **options)
    assert result['coco/AP'] == result['coco/AP(M)'] == 1
    for sample in samples:
        columns = SUPERSET30.indices(['head_top', 'neck'])
        sample['pred_instances']['keypoints'][0, columns] += 1000
    similarity = 12 / 14
    expected = np.mean(similarity >= np.arange(0.5, 0.96, 0.05))
    assert evaluate(file, samples, **options)['coco/AP'] == pytest.approx(expected)


def test_the_models_own_keypoints_differ_from_cocos(scene):
    file, samples = scene(area=200.0)
    assert evaluate(file, samples)['coco/AP'] == 1
    assert evaluate(file, samples, regressor=None)['coco/AP'] < 0.9


def test_the_protocol_is_printed(scene, printed):
    file, samples = scene()
    samples[1]['bbox_source'] = 'pose2d'
    # Its base class prints.
    lines = printed(union_coco_metric)
    evaluate(file, samples, protocol=dict(detector='none'))
    for text in (
        'boxes: gt 5, pose2d 1',
        "joints: 17, COCO's by its regressor (standin)",
        'score: keypoint',
        'suppression: oks_nms',
        'sigmas: of coco',
        'detector: none',
    ):
        assert text in lines[0]


def test_bad_predictions_are_named(scene):
    file, samples = scene(2)
    samples[1]['pred_instances']['vertices'][0, 0] = np.nan
    with pytest.raises(ValueError, match="image '1.jpg', person 1: pred_instances vertices got 3"):
        evaluate(file, samples)

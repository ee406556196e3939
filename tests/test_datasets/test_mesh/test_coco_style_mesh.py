"""COCO, MPII, CrowdPose and OCHuman: COCO-style annotations with and without NeuralAnnot's fits."""

import json

import numpy as np
import pytest

from mmpose_ext.datasets import CocoMesh, CrowdPoseMesh, MpiiMesh, OCHumanMesh
from mmpose_ext.skeletons import COCO17, CROWDPOSE14, MPII16, SUPERSET30

ALONE, LEFT, RIGHT = 33, 31, 32


def build(kind, folder, **arguments):
    settings = dict(
        ann_file='annotations.json',
        smpl_file='fits.json',
        data_root=str(folder.root),
        data_prefix=dict(img='images'),
        body_model='standin',
    )
    return kind(**(settings | arguments))


def by_id(dataset):
    samples = [dataset.get_data_info(n) for n in range(len(dataset))]
    return {sample['id']: sample for sample in samples}


def change_annotation(folder, number, **values):
    def change(content):
        (annotation,) = (a for a in content['annotations'] if a['id'] == number)
        annotation.update(values)

    folder.edit('annotations.json', change)


def test_fits_project_onto_the_annotated_points(coco, scene):
    samples = by_id(build(CocoMesh, coco))

    columns = SUPERSET30.indices(COCO17.keypoints)
    assert list(samples) == [LEFT, RIGHT, ALONE]
    for number, sample in samples.items():
        person = coco.people[number]
        assert np.abs(scene.sample_vertices(sample['smpl']) - person.vertices()).max() < 1e-5
        pixels = scene.project(sample['camera'], person.joints()[columns])
        np.testing.assert_allclose(sample['keypoints'][0, columns], pixels, atol=1e-3)
        assert sample['smpl_valid'] == 1 and not sample['is_3d']
        assert not sample['joints_cam_valid'].any() and not sample['joints_cam'].any()
        left, top, width, height = scene.box_of(coco.camera.project(person.vertices()))
        expected = [left, top, left + width - 1, top + height - 1]
        np.testing.assert_allclose(sample['bbox'][0], expected, rtol=1e-5)


def test_the_pelvis_is_derived_from_both_hips_and_the_neck_is_no_target(coco):
    left_hip = COCO17.index('left_hip')
    hidden = json.loads((coco.root / 'annotations.json').read_text())['annotations'][0]['keypoints']
    hidden[3 * left_hip : 3 * left_hip + 3] = [0, 0, 0]
    change_annotation(coco, LEFT, keypoints=hidden)

    samples = by_id(build(CocoMesh, coco))

    pelvis, neck = SUPERSET30.index('pelvis'), SUPERSET30.index('neck')
    hips = SUPERSET30.indices(['left_hip', 'right_hip'])
    keypoints = samples[RIGHT]['keypoints'][0]
    np.testing.assert_allclose(keypoints[pelvis], keypoints[hips].mean(axis=0), rtol=1e-5)
    visible = {number: sample['keypoints_visible'][0] for number, sample in samples.items()}
    assert visible[RIGHT][pelvis] == 1 and visible[LEFT][pelvis] == 0
    assert visible[RIGHT].sum() == 18 and visible[RIGHT][neck] == 0


def test_everybody_with_a_fit_is_in_persons_the_sample_first(coco, scene):
    samples = by_id(build(CocoMesh, coco))

    for number, others in ((LEFT, [LEFT, RIGHT]), (RIGHT, [RIGHT, LEFT]), (ALONE, [ALONE])):
        persons = samples[number]['persons']
        assert len(persons) == len(others)
        for person, other in zip(persons, others):
            vertices = coco.people[other].vertices()
            assert np.abs(scene.sample_vertices(person) - vertices).max() < 1e-5


def test_neighbours_are_people_whose_boxes_overlap_enough(coco):
    samples = by_id(build(CocoMesh, coco))

    def iou(first, second):
        grid = np.zeros((2, 600, 800), bool)
        for mask, number in zip(grid, (first, second)):
            left, top, right, bottom = np.rint(samples[number]['bbox'][0] + 200).astype(int)
            mask[top:bottom, left:right] = True
        return (grid[0] & grid[1]).sum() / (grid[0] | grid[1]).sum()

    overlap = iou(LEFT, RIGHT)
    assert 0.1 < overlap < 0.9
    (neighbour,) = samples[LEFT]['neighbours']
    other = samples[RIGHT]
    np.testing.assert_array_equal(neighbour[:, :2], other['keypoints'][0])
    np.testing.assert_array_equal(neighbour[:, 2], other['keypoints_visible'][0])
    assert samples[ALONE]['neighbours'].shape == (0, 30, 3)
    strict = by_id(build(CocoMesh, coco, neighbour_iou=overlap + 0.05))
    assert len(strict[LEFT]['neighbours']) == 0
    lax = by_id(build(CocoMesh, coco, neighbour_iou=overlap - 0.05))
    assert len(lax[LEFT]['neighbours']) == 1


def test_what_is_left_out_is_counted_and_its_body_still_seen(coco, capture_log):
    change_annotation(coco, LEFT, keypoints=[0] * 51, num_keypoints=0)
    change_annotation(coco, ALONE, iscrowd=1, keypoints=[0] * 51)

    dataset = build(CocoMesh, coco)

    assert list(by_id(dataset)) == [RIGHT]
    assert len(by_id(dataset)[RIGHT]['persons']) == 2
    assert dict(dataset.skipped) == {'crowd regions': 1, 'without a labelled keypoint': 1}
    assert '1 people in 1 images' in capture_log()
    assert 'skipped: 1 crowd regions, 1 without a labelled keypoint' in capture_log()


@pytest.mark.parametrize('box', [[10, 10, 0, 20], [400, 10, 30, 30], [-50, 0, 30, 30]])
def test_boxes_that_no_crop_can_be_made_of_are_counted(coco, box):
    change_annotation(coco, ALONE, bbox=box)

    dataset = build(CocoMesh, coco)

    assert ALONE not in by_id(dataset)
    assert dict(dataset.skipped) == {'with an empty box or one outside the image': 1}


def test_people_without_a_fit_keep_their_keypoints(coco):
    coco.edit('fits.json', lambda content: content.pop(str(LEFT)))

    samples = by_id(build(CocoMesh, coco))

    assert samples[LEFT]['smpl'] is None and samples[LEFT]['smpl_valid'] == 0
    assert len(samples[LEFT]['persons']) == 1
    assert samples[LEFT]['camera'].shape == (3, 3)
    assert samples[RIGHT]['smpl_valid'] == 1
    # Not even the assumed camera of the one may replace the known one of the other.
    np.testing.assert_allclose(samples[RIGHT]['camera'], coco.camera.matrix)


def test_a_body_behind_the_camera_is_no_fit(coco, capture_log):
    def move(content):
        content[str(LEFT)]['smpl_param']['trans'][2] = -3

    coco.edit('fits.json', move)
    samples = by_id(build(CocoMesh, coco))

    assert samples[LEFT]['smpl'] is None
    assert [len(samples[number]['persons']) for number in (LEFT, RIGHT)] == [1, 1]
    assert '1 left out, behind the camera' in capture_log()


def test_fits_of_another_file_are_an_error(coco):
    coco.edit('fits.json', lambda content: [content.pop(key) for key in list(content)])

    with pytest.raises(ValueError, match='none of the 3 people .* do both files belong together'):
        build(CocoMesh, coco)
    # People who are no samples do not hide it.
    change_annotation(coco, LEFT, keypoints=[0] * 51)
    with pytest.raises(ValueError, match='none of the 2 people .* do both files belong together'):
        build(CocoMesh, coco)


def test_fits_that_are_all_behind_the_camera_are_an_error(coco):
    def move(content):
        for fit in content.values():
            fit['smpl_param']['trans'][2] = -3

    coco.edit('fits.json', move)

    with pytest.raises(ValueError, match='none of the 3 people .*3 left out, behind the camera'):
        build(CocoMesh, coco)


def test_images_without_people_are_counted(coco, capture_log):
    def add(content):
        content['images'] += [dict(content['images'][0], id=50 + n) for n in range(2)]

    coco.edit('annotations.json', add)

    assert len(build(CocoMesh, coco)) == 3
    assert 'skipped: 2 images without people' in capture_log()


def test_subsets_named_by_annotations_come_with_the_samples(coco):
    change_annotation(coco, RIGHT, subsets=['occluded', 'crowd'])

    samples = by_id(build(CocoMesh, coco))

    assert samples[RIGHT]['subsets'] == ('occluded', 'crowd')
    assert samples[LEFT]['subsets'] == ()


def test_detected_poses_replace_annotated_ones_in_testing(coco, capture_log):
    rng = np.random.default_rng(0)
    pose = np.concatenate([rng.uniform(20, 200, (17, 2)), rng.uniform(0.2, 1, (17, 1))], axis=1)
    pose[COCO17.index('left_hip'), 2] = 0.05
    coco.json('poses.json', {str(LEFT): dict(coco_joints=pose.tolist())})
    dataset = build(CocoMesh, coco, pose2d_file='poses.json', bbox_source='pose2d', test_mode=True)

    samples = by_id(dataset)

    found = samples[LEFT]['pose2d']
    np.testing.assert_allclose(found[SUPERSET30.index('nose')], pose[0], rtol=1e-6)
    # Scores up to the threshold are not trusted, and neither is what they would derive.
    assert found[SUPERSET30.index('left_hip'), 2] == 0
    left, right = (pose[COCO17.index(f'{side}_shoulder')] for side in ('left', 'right'))
    neck = [*((left + right) / 2)[:2], left[2] * right[2]]
    np.testing.assert_allclose(found[SUPERSET30.index('neck')], neck, rtol=1e-5)
    trusted = found[found[:, 2] > 0, :2].astype(float)
    low, high = trusted.min(axis=0), trusted.max(axis=0)
    grown = [(low + high) / 2 - 0.6 * (high - low), (low + high) / 2 + 0.6 * (high - low)]
    np.testing.assert_allclose(samples[LEFT]['bbox'][0], np.concatenate(grown), rtol=1e-5)
    assert samples[LEFT]['bbox_source'] == 'pose2d'
    # People who were not detected are not lost: their boxes are the annotated ones.
    assert not samples[RIGHT]['pose2d'].any()
    assert samples[RIGHT]['bbox_source'] == 'gt'
    assert 'boxes: 1 from the 2D pose, 2 annotated because the pose gives none' in capture_log()
    assert '2 of them without a trusted joint' in capture_log()


def test_boxes_may_come_from_annotated_keypoints(coco):
    samples = by_id(build(CocoMesh, coco, bbox_source='pose2d'))

    sample = samples[ALONE]
    points = sample['keypoints'][0][sample['keypoints_visible'][0] > 0]
    height = points[:, 1].max() - points[:, 1].min()
    assert sample['bbox_source'] == 'pose2d'
    assert sample['bbox'][0, 3] - sample['bbox'][0, 1] == pytest.approx(1.2 * height, rel=1e-4)


@pytest.mark.parametrize(
    ('file', 'change', 'message'),
    [
        ('fits.json', lambda c: c['32']['cam_param'].update(focal=[300, -1]), 'focal length is'),
        ('fits.json', lambda c: c['32'].pop('cam_param'), "entry 32 has no 'cam_param'"),
        ('fits.json', lambda c: c['32']['smpl_param']['pose'].pop(), "'pose' is .*, 71 numbers"),
        (
            'fits.json',
            lambda c: c['32']['smpl_param'].update(trans=[0, 0, float('inf')]),
            r"entry 32: 'trans' is \[0.0, 0.0, inf\], expected finite",
        ),
        ('fits.json', lambda c: c['32']['smpl_param'].update(gender='x'), "gender got 'x'"),
        ('annotations.json', lambda c: c['annotations'][1]['keypoints'].pop(), '50 numbers'),
        (
            'annotations.json',
            lambda c: c['annotations'][1]['keypoints'].__setitem__(4, None),
            "entry 32: 'keypoints' is .*expected finite",
        ),
        ('annotations.json', lambda c: c['annotations'][1].update(id=31), '2 different ids'),
        ('annotations.json', lambda c: c['images'][0].pop('width'), "image 7 has no 'width'"),
        ('annotations.json', lambda c: c['annotations'].clear(), 'no person in'),
        (
            'fits.json',
            lambda c: c['32'].update(smpl_param=None),
            'entry 32: SMPL param.* got None',
        ),
        ('fits.json', lambda c: c['32']['smpl_param'].update(gender=['m']), r"gender got \['m'\]"),
        (
            'annotations.json',
            lambda c: c['images'][1].pop('id'),
            "number 1 of 'images' got the id",
        ),
        (
            'annotations.json',
            lambda c: c['annotations'].insert(2, None),
            "number 2 of 'annotations' got the id None",
        ),
        ('annotations.json', lambda c: c['images'].append(c['images'][0]), 'has 3 images with 2'),
        (
            'annotations.json',
            lambda c: c['images'][0].update(width='wide'),
            "image 7: 'width' is 'wide', expected",
        ),
        ('annotations.json', lambda c: c['images'][0].update(height=0), "image 7: 'height' is 0"),
    ],
)
def test_damaged_files_are_named_with_entry_and_value(coco, file, change, message):
    coco.edit(file, change)

    with pytest.raises(ValueError, match=message) as caught:
        build(CocoMesh, coco)
    assert file in str(caught.value)


@pytest.mark.parametrize('content', ['{"images": [', '[1, 2]', ''])
def test_what_is_no_json_object_is_named(coco, content):
    (coco.root / 'fits.json').write_text(content)

    with pytest.raises(ValueError, match='SMPL parameter file .*fits.json'):
        build(CocoMesh, coco)


def test_mpii_has_its_own_pelvis_neck_and_head_top(folder, scene):
    names = ['neck' if n == 'upper_neck' else n for n in MPII16.keypoints]
    known = [name if name in SUPERSET30.keypoints else 'spine3' for name in names]
    data = scene.coco_scene(folder, MPII16, scene.joints_named(known))

    sample = by_id(build(MpiiMesh, data))[ALONE]

    columns = SUPERSET30.indices(['pelvis', 'neck', 'head_top', 'left_ankle'])
    pixels = scene.project(sample['camera'], data.people[ALONE].joints()[columns])
    np.testing.assert_allclose(sample['keypoints'][0, columns], pixels, atol=1e-3)
    assert sample['keypoints_visible'].sum() == 15
    assert sample['source'] == 'mpii'


CROWD_JOINTS = [dict(top_head='head_top').get(n, n) for n in CROWDPOSE14.keypoints]


@pytest.mark.parametrize(
    ('arguments', 'valid'),
    [
        (dict(), [1, 1, 0]),
        (dict(fit_rule='above'), [0, 0, 1]),
        (dict(max_fit_error=None), [1, 1, 1]),
        (dict(max_fit_error=3), [1, 0, 0]),
    ],
)
def test_crowdpose_keeps_good_fits_and_on_request_what_was_published(
    folder, scene, arguments, valid
):
    errors = {LEFT: 1.0, RIGHT: 4.0, ALONE: 7.0}
    data = scene.coco_scene(folder, CROWDPOSE14, scene.joints_named(CROWD_JOINTS), errors)

    samples = by_id(build(CrowdPoseMesh, data, **arguments))

    assert [sample['smpl_valid'] for sample in samples.values()] == valid
    assert len(samples[LEFT]['persons']) == 2


def test_crowdpose_repairs_exchanged_image_sizes(folder, scene, capture_log):
    errors = {LEFT: 1.0, RIGHT: 4.0, ALONE: 7.0}
    data = scene.coco_scene(folder, CROWDPOSE14, scene.joints_named(CROWD_JOINTS), errors)
    change_annotation(data, ALONE, bbox=[250, 20, 60, 200])
    assert by_id(build(CrowdPoseMesh, data))[ALONE]['width'] == 320
    assert 'exchanged' not in capture_log()

    def exchange(content):
        for image in content['images']:
            image.update(width=image['height'], height=image['width'])

    data.edit('annotations.json', exchange)
    sample = by_id(build(CrowdPoseMesh, data))[ALONE]

    assert (sample['width'], sample['height']) == (320, 240)
    assert 'has width and height of its images exchanged' in capture_log()


def test_ochuman_needs_no_fits(coco):
    samples = by_id(build(OCHumanMesh, coco, smpl_file=None, test_mode=True))

    assert len(samples) == 3
    assert all(sample['smpl'] is None and not sample['persons'] for sample in samples.values())


def test_unknown_rules_are_refused(coco):
    with pytest.raises(ValueError, match="fit_rule got 'equal'"):
        build(CrowdPoseMesh, coco, fit_rule='equal')

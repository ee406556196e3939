import json
import math

import pytest

from mmpose_ext.registry import DATASETS


def build(sources, **options):
    return DATASETS.build(
        dict(type='mmpose_ext.UnionDataset', skeleton='union21', sources=sources, **options)
    )


def assert_names_all(error, *parts):
    missing = [part for part in parts if str(part) not in str(error.value)]
    assert not missing, f'{missing} not in: {error.value}'


def test_mpii_annotations_fed_to_a_coco_source(data):
    source = data.source('coco')
    data.source('mpii')
    source['dataset']['ann_file'] = 'mpii.json'

    with pytest.raises(ValueError) as error:
        build(dict(coco=source))

    assert_names_all(error, "source 'coco'", data.root / 'mpii.json', 'MPII', '16', 'expected 17')


def test_coco_annotations_fed_to_an_mpii_source(data):
    source = data.source('mpii')
    data.source('coco')
    source['dataset']['ann_file'] = 'coco.json'

    with pytest.raises(ValueError) as error:
        build(dict(mpii=source))

    assert_names_all(error, "source 'mpii'", data.root / 'coco.json', '100', '51', 'expected 48')


def test_wrong_number_of_keypoints_of_one_person(data):
    data.coco['annotations'][2]['keypoints'] = [1, 1, 2] * 14

    with pytest.raises(ValueError) as error:
        build(dict(coco=data.source('coco')))

    assert_names_all(error, "source 'coco'", data.root / 'coco.json', 'entry 102', '14', '17')


def test_keypoints_that_are_no_triples(data):
    data.coco['annotations'][2]['keypoints'] = [1] * 50

    with pytest.raises(ValueError) as error:
        build(dict(coco=data.source('coco')))

    assert_names_all(error, data.root / 'coco.json', 'entry 102', '50', 'expected 51')


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('test_mode', [False, True])
def test_coordinates_that_are_no_finite_numbers(data, value, test_mode):
    data.coco['annotations'][1]['keypoints'][3] = value

    with pytest.raises(ValueError) as error:
        build(dict(coco=data.source('coco')), test_mode=test_mode)

    assert_names_all(
        error,
        "source 'coco'",
        data.root / 'coco.json',
        'entry 101',
        'left_eye',
        value,
        '000001.jpg',
    )


@pytest.mark.parametrize('value', [math.nan, math.inf])
def test_mpii_coordinates_and_boxes_are_checked_too(data, value):
    data.mpii[1]['joints'][9][1] = value
    with pytest.raises(ValueError) as error:
        build(dict(mpii=data.source('mpii')))
    assert_names_all(error, "source 'mpii'", 'entry 1', 'head_top', value)

    data.mpii[1]['joints'][9][1] = 5
    data.mpii[2]['scale'] = value
    with pytest.raises(ValueError) as error:
        build(dict(mpii=data.source('mpii')))
    assert_names_all(error, "source 'mpii'", 'entry 2', 'box')


def test_an_infinite_box_that_clipping_would_hide(data):
    data.coco['annotations'][3]['bbox'][2] = math.inf

    with pytest.raises(ValueError) as error:
        build(dict(coco=data.source('coco')))

    assert_names_all(error, 'entry 103', 'box', 'inf')


def test_a_visibility_that_is_no_number(data):
    data.coco['annotations'][3]['keypoints'][2] = math.nan

    with pytest.raises(ValueError) as error:
        build(dict(coco=data.source('coco')))

    assert_names_all(error, 'entry 103', 'visibility', 'nan')


def test_a_missing_annotation_says_where_to_get_data(data):
    source = data.source('coco')
    source['dataset']['ann_file'] = 'elsewhere.json'

    with pytest.raises(FileNotFoundError) as error:
        build(dict(coco=source))

    assert_names_all(
        error, "source 'coco'", data.root / 'elsewhere.json', 'tools/make_synthetic.py pose'
    )


def test_a_missing_detection_file(data):
    source = data.source('coco')
    source['dataset']['bbox_file'] = str(data.root / 'detections.json')

    with pytest.raises(FileNotFoundError) as error:
        build(dict(coco=source), test_mode=True)

    assert_names_all(error, "source 'coco'", 'detection file', data.root / 'detections.json')


def test_a_missing_image_is_found_at_the_start(data):
    (data.root / '000002.jpg').unlink()

    with pytest.raises(FileNotFoundError) as error:
        build(dict(coco=data.source('coco')))
    assert_names_all(error, "source 'coco'", '1 of 4', data.root / '000002.jpg')

    unchecked = build(
        dict(coco=data.source('coco')),
        check_images=False,
        pipeline=[dict(type='mmpose_ext.LoadEncodedImage')],
    )
    with pytest.raises(FileNotFoundError, match='000002.jpg'):
        unchecked[2]


@pytest.mark.parametrize('test_mode', [False, True])
def test_a_truncated_image(data, test_mode):
    path = data.root / '000001.jpg'
    path.write_bytes(path.read_bytes()[:-700])
    pipeline = [dict(type='mmpose_ext.LoadEncodedImage')]
    dataset = build(dict(coco=data.source('coco')), pipeline=pipeline, test_mode=test_mode)

    dataset[0]
    with pytest.raises(ValueError) as error:
        dataset[1]
    assert_names_all(error, path, 'truncated')


def test_a_file_that_is_no_image(data):
    path = data.root / '000001.jpg'
    path.write_text('no image')
    dataset = build(
        dict(coco=data.source('coco')), pipeline=[dict(type='mmpose_ext.LoadEncodedImage')]
    )

    with pytest.raises(ValueError) as error:
        dataset[1]
    assert_names_all(error, path, 'cannot be decoded')


def test_damaged_json(data):
    source = data.source('coco')
    (data.root / 'coco.json').write_text('{"images": [')

    with pytest.raises(ValueError) as error:
        build(dict(coco=source))

    assert_names_all(error, "source 'coco'", data.root / 'coco.json', 'not valid JSON')


def test_an_empty_source(data):
    data.coco['annotations'] = []

    with pytest.raises(ValueError) as error:
        build(dict(coco=data.source('coco')))

    assert_names_all(error, "source 'coco'", 'no person', data.root / 'coco.json')


def test_a_source_of_which_all_is_skipped_says_why(data):
    for person in data.coco['annotations']:
        person['iscrowd'] = 1

    with pytest.raises(ValueError) as error:
        build(dict(coco=data.source('coco')))

    assert_names_all(error, 'crowd regions', 4)


def test_a_source_with_zero_supervised_joints(data):
    for person in data.mpii:
        person['joints_vis'] = [0] * 16

    with pytest.raises(ValueError) as error:
        build(dict(mpii=data.source('mpii')))
    assert_names_all(error, "source 'mpii'", 'no joint', '3 persons')

    taught = build(dict(mpii=data.source('mpii')), teachers=dict(coco='coco17'))
    assert len(taught) == 3


def test_a_source_whose_skeleton_shares_no_joint(data):
    hand = dict(
        dataset_name='hand',
        keypoint_info={0: dict(name='thumb', id=0, color=[0, 0, 0], type='', swap='')},
        skeleton_info={},
        joint_weights=[1.0],
        sigmas=[0.05],
    )
    source = data.source('coco')
    source['skeleton'] = hand

    with pytest.raises(ValueError) as error:
        build(dict(coco=source))

    assert_names_all(error, "source 'coco'", 'thumb')


def test_a_skeleton_that_is_not_the_dataset_s(data):
    source = data.source('mpii')
    source['skeleton'] = 'coco17'

    with pytest.raises(ValueError) as error:
        build(dict(mpii=source))

    assert_names_all(error, "source 'mpii'", 'MpiiDataset', 'right_ankle', 'coco')


@pytest.mark.parametrize(
    ('arguments', 'part'),
    [
        (dict(box='round'), "'round'"),
        (dict(skeleton='dragon9'), 'dragon9'),
        (dict(aliases=dict(nose='left_ankle')), 'left'),
    ],
)
def test_arguments_out_of_range(data, arguments, part):
    with pytest.raises(ValueError, match=part):
        build(dict(coco=dict(data.source('coco'), **arguments)))


def test_no_sources_at_all():
    with pytest.raises(ValueError, match='at least one source'):
        build({})


def test_annotations_are_plain_json(data):
    """The folder of these tests must itself be readable, or the tests above prove nothing."""
    build(dict(coco=data.source('coco'), mpii=data.source('mpii'), halpe=data.source('halpe')))
    assert json.loads((data.root / 'coco.json').read_text())['annotations']

import json

import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import TopdownAffine
from mmpose.structures.bbox import bbox_xywh2xyxy, bbox_xyxy2cs
from scipy.ndimage import gaussian_filter

from mmpose_ext.apis import crop_people
from mmpose_ext.apis.crop_people import CropJob, CropSettings

_WIDTH, _HEIGHT = 640, 480
# Someone large, someone small, someone half out of the image, and someone lying.
_BOXES = ((120.5, 30.25, 160.0, 400.0), (400, 100, 30, 60), (560, 200, 79, 279), (50, 350, 300, 90))


def _annotation(index, box, rng, **changes):
    x, y, width, height = box
    keypoints = np.zeros((17, 3))
    keypoints[:, :2] = rng.uniform([x, y], [x + width, y + height], (17, 2))
    keypoints[:, 2] = rng.integers(0, 3, 17)
    keypoints[0, 2] = 2
    keypoints[keypoints[:, 2] == 0] = 0
    return (
        dict(
            id=900 + index,
            image_id=7,
            category_id=1,
            iscrowd=0,
            bbox=list(box),
            area=0.6 * width * height,
            num_keypoints=int((keypoints[:, 2] > 0).sum()),
            keypoints=keypoints.ravel().tolist(),
            segmentation=[[0, 0, 1, 1, 2, 0]],
        )
        | changes
    )


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('people')
    rng = np.random.default_rng(0)
    # Smooth, as it is resampled twice, and grey: JPEGs halve the resolution of colour.
    image = gaussian_filter(rng.normal(size=(_HEIGHT, _WIDTH)), 12)
    image = np.uint8(128 + 25 * image / image.std())[..., None].repeat(3, 2)
    (root / 'images').mkdir()
    cv2.imwrite(str(root / 'images/a.png'), image)
    people = [_annotation(index, box, rng) for index, box in enumerate(_BOXES)]
    others = [
        _annotation(10, _BOXES[0], rng, iscrowd=1),
        _annotation(11, _BOXES[0], rng, keypoints=[0] * 51),
    ]
    tables = dict(
        info=dict(description='test'),
        images=[dict(id=7, file_name='a.png', width=_WIDTH, height=_HEIGHT)],
        annotations=[*others, *people],
        categories=[dict(id=1, name='person')],
    )
    (root / 'people.json').write_text(json.dumps(tables))
    return root


@pytest.fixture(autouse=True)
def _small_units(monkeypatch):
    monkeypatch.setattr(crop_people, '_UNIT_CROPS', 3)


def _job(root, out, **settings):
    return CropJob(root / 'people.json', root / 'images', out, CropSettings(**settings))


@pytest.fixture(scope='module')
def cropped(root, tmp_path_factory):
    out = tmp_path_factory.mktemp('crops') / 'out'
    summary = _job(root, out).run(workers=0)
    assert (summary.made, summary.complete) == (4, True)
    return out


def _people(root, file='people.json'):
    tables = json.loads((root / file).read_text())
    return tables, {annotation['id']: annotation for annotation in tables['annotations']}


def _network_input(image, annotation, rotation=0.0, zoom=1.0):
    box = bbox_xywh2xyxy(np.array([annotation['bbox']], np.float32))
    center, scale = bbox_xyxy2cs(box, padding=1.25)
    keypoints = np.array(annotation['keypoints'], np.float32).reshape(1, -1, 3)
    results = dict(
        img=image,
        bbox_center=center,
        bbox_scale=scale * zoom,
        bbox_rotation=np.array([rotation], np.float32),
        keypoints=keypoints[..., :2],
        keypoints_visible=keypoints[..., 2],
    )
    results = TopdownAffine(input_size=(96, 128), use_udp=True)(results)
    return results['img'].astype(float), results['transformed_keypoints'][0]


@pytest.mark.parametrize(('rotation', 'zoom'), [(0, 1), (30, 1.25), (-25, 0.75)])
def test_the_network_sees_the_same_person(root, cropped, rotation, zoom):
    image = cv2.imread(str(root / 'images/a.png'))
    _, originals = _people(root)
    tables, crops = _people(cropped, 'annotations/people.json')
    assert len(crops) == len(tables['images']) == 4
    files = {entry['id']: entry for entry in tables['images']}
    for identifier, crop in crops.items():
        file = files[crop['image_id']]
        picture = cv2.imread(str(cropped / 'images' / file['file_name']))
        assert picture.shape[:2] == (file['height'], file['width'])
        expected, joints = _network_input(image, originals[identifier], rotation, zoom)
        seen, moved = _network_input(picture, crop, rotation, zoom)
        labelled = np.array(crop['keypoints'])[2::3] > 0
        np.testing.assert_allclose(moved[labelled], joints[labelled], atol=0.15)
        difference = np.abs(seen - expected).mean()
        beside = np.abs(seen - np.roll(expected, 1, axis=1)).mean()
        # Half a pixel aside would be half of that.
        assert difference < beside / 4


def test_object_keypoint_similarity_stays(root, cropped):
    _, originals = _people(root)
    _, crops = _people(cropped, 'annotations/people.json')
    for identifier, crop in crops.items():
        original = originals[identifier]
        sides = np.array(crop['bbox'][2:]) / original['bbox'][2:]
        assert crop['area'] == pytest.approx(original['area'] * sides.prod(), rel=1e-4)
        # Up to whole pixels the crop is reduced alike in both directions.
        assert sides[0] == pytest.approx(sides[1], rel=0.02)


def test_large_people_are_reduced_and_small_ones_kept(cropped):
    _, crops = _people(cropped, 'annotations/people.json')
    heights = {identifier: crop['bbox'][3] for identifier, crop in crops.items()}
    assert heights[900] == pytest.approx(128, rel=0.01)
    assert heights[901] == 60
    # Lying: 300 wide needs a box of 400 high at an aspect of 3:4.
    assert crops[903]['bbox'][2] == pytest.approx(96, rel=0.01)


def test_other_fields_stay_and_stale_ones_go(cropped):
    tables, crops = _people(cropped, 'annotations/people.json')
    assert tables['info'] == dict(description='test')
    assert tables['categories'] == [dict(id=1, name='person')]
    for crop in crops.values():
        assert crop['category_id'] == 1
        assert 'segmentation' not in crop


def _contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file()
    }


def test_workers_and_shards_make_the_same_files(root, cropped, tmp_path):
    assert not _job(root, tmp_path / 'out').run(workers=2, shard=(1, 2)).complete
    assert not (tmp_path / 'out/annotations').exists()
    assert _job(root, tmp_path / 'out').run(workers=0, shard=(0, 2)).complete
    assert _contents(tmp_path / 'out') == _contents(cropped)


def test_a_second_run_keeps_and_repairs(root, cropped, tmp_path):
    _job(root, tmp_path).run(workers=0)
    next((tmp_path / 'images').iterdir()).write_bytes(b'damaged')
    summary = _job(root, tmp_path).run(workers=0)
    assert (summary.made, summary.remade, summary.kept) == (0, 1, 3)
    assert _contents(tmp_path) == _contents(cropped)
    with pytest.raises(ValueError, match='box_height'):
        _job(root, tmp_path, box_height=64)


def test_bad_input_is_named(root, tmp_path):
    tables, _ = _people(root)
    cases = tmp_path / 'cases'
    cases.mkdir()
    data = (root / 'images/a.png').read_bytes()
    (cases / 'a.png').write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=r'a\.png.*truncated'):
        CropJob(root / 'people.json', cases, tmp_path / '1').run(workers=0)
    cv2.imwrite(str(cases / 'a.png'), np.zeros((100, 100, 3), np.uint8))
    with pytest.raises(ValueError, match=r'a\.png: got 100 x 100 pixels'):
        CropJob(root / 'people.json', cases, tmp_path / '2').run(workers=0)
    (cases / 'nobody.json').write_text(json.dumps(dict(tables, annotations=[])))
    with pytest.raises(ValueError, match='nobody with labelled'):
        CropJob(cases / 'nobody.json', root / 'images', tmp_path / '3')
    with pytest.raises(ValueError, match='quality got 0'):
        CropSettings(quality=0)
    with pytest.raises(ValueError, match='region got -1'):
        CropSettings(region=-1)

import json

import cv2
import numpy as np
import pytest
from mmpose.datasets import CocoDataset

from mmpose_ext.apis.extend_annotations import ExtensionJob, extend_annotations
from mmpose_ext.apis.label_extension import ExtensionSettings
from mmpose_ext.skeletons import COCO17, MPII16, UNION21

_IMAGES = 20


@pytest.fixture(scope='module')
def coco_files(tmp_path_factory, union_config):
    """More images than one unit holds; a crowd, people without labels, an empty image."""
    folder = tmp_path_factory.mktemp('coco')
    generator = np.random.default_rng(1)
    images, annotations = [], []
    for number in range(1, _IMAGES + 1):
        noise = generator.integers(0, 255, (6, 8, 3), np.uint8)
        cv2.imwrite(str(folder / f'{number}.png'), cv2.resize(noise, (80, 60)))
        images.append(dict(id=number, file_name=f'{number}.png', width=80, height=60))
        if number == 3:
            continue
        rows = np.column_stack(
            [generator.integers(1, 80, 17), generator.integers(1, 60, 17), np.full(17, 2)]
        )
        if number == 4:
            rows[:] = 0
        annotations.append(
            dict(
                id=100 + number,
                image_id=number,
                category_id=1,
                iscrowd=int(number == 5),
                area=900.0,
                bbox=[10.5, 5.25, 50.0, 50.0],
                num_keypoints=int((rows[:, 2] > 0).sum()),
                keypoints=rows.ravel().tolist(),
                segmentation=[[1, 2, 3, 4, 5, 6]],
            )
        )
    people = dict(
        info=dict(year=2026),
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='person', keypoints=list(COCO17.keypoints), skeleton=[])],
    )
    (folder / 'people.json').write_text(json.dumps(people))
    union_config.dump(folder / 'student.py')
    return folder


@pytest.fixture
def make_job(coco_files, union_checkpoint, tmp_path):
    def make(out: str, **settings) -> ExtensionJob:
        return ExtensionJob(
            coco_files / 'student.py',
            union_checkpoint,
            coco_files / 'people.json',
            coco_files,
            tmp_path / out,
            ExtensionSettings(threshold=-1e9, **settings),
        )

    return make


def test_workers_and_shards_give_the_same_bytes(make_job):
    alone, workers, shards = make_job('alone.json'), make_job('workers.json'), make_job('s.json')
    assert extend_annotations(alone)
    assert extend_annotations(workers, workers=2)
    assert not extend_annotations(shards, shard=(1, 2))
    assert not shards.out_file.exists()
    assert extend_annotations(shards, shard=(0, 2))
    expected = alone.out_file.read_bytes()
    assert workers.out_file.read_bytes() == expected
    assert shards.out_file.read_bytes() == expected
    assert not alone.part_dir.exists()


def test_stopped_run_continues(make_job, monkeypatch):
    job = make_job('stopped.json')

    def stop(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extend_annotations(job, progress=stop)
    assert not job.out_file.exists()
    seen = []
    assert extend_annotations(job, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
    whole = make_job('whole.json')
    extend_annotations(whole)
    assert job.out_file.read_bytes() == whole.out_file.read_bytes()
    # A second call finds the output and does not load the student.
    monkeypatch.setattr('mmpose_ext.apis.extend_annotations.PosePredictor', None)
    assert extend_annotations(job)


def test_parts_of_other_settings_are_refused(make_job):
    job = make_job('mixed.json')
    extend_annotations(job, shard=(0, 2))
    with pytest.raises(ValueError, match=r"mixed\.json\.parts.*other \['derive'\]"):
        extend_annotations(make_job('mixed.json', derive=False), shard=(1, 2))


def test_original_labels_and_fields_stay(make_job):
    job = make_job('labels.json')
    extend_annotations(job)
    before = json.loads(job.ann_file.read_text())
    after = json.loads(job.out_file.read_text())
    assert after['images'] == before['images']
    assert after['info']['year'] == 2026
    for old, new in zip(before['annotations'], after['annotations'], strict=True):
        for key in old.keys() - {'keypoints', 'num_keypoints'}:
            assert new[key] == old[key]
        assert new['keypoints'][: 3 * 17] == old['keypoints'] or old['iscrowd']
        people = new['num_keypoints'] > 0
        assert people == (old['id'] not in (104, 105))
        expected = [3] * 17 + [2, 2, 1, 1] if people else [0] * 21
        assert new['keypoint_tiers'] == expected
        assert len(new['keypoint_confidences']) == 21
    assert after['categories'][0]['keypoints'] == list(UNION21.keypoints)


def test_stock_dataset_reads_the_output(make_job):
    job = make_job('stock.json')
    extend_annotations(job)
    dataset = CocoDataset(
        ann_file=str(job.out_file),
        data_prefix=dict(img=str(job.img_dir)),
        metainfo=UNION21.metainfo(),
        pipeline=[],
    )
    assert len(dataset) == _IMAGES - 3
    person = dataset[0]
    assert person['keypoints'].shape == (1, 21, 2)
    hips = UNION21.indices(['left_hip', 'right_hip'])
    middle = person['keypoints'][0, hips].mean(axis=0)
    np.testing.assert_allclose(person['keypoints'][0, UNION21.index('pelvis')], middle)


def test_mpii_becomes_coco_style(make_job, coco_files, union_checkpoint, tmp_path):
    joints = [[10.0 + k, 20.5 + k] for k in range(16)]
    visible = [1] * 16
    joints[0], visible[0] = [-1.0, -1.0], 0
    people = [
        dict(image='1.png', center=[41.0, 31.0], scale=0.2, joints=joints, joints_vis=visible)
    ]
    file = tmp_path / 'mpii.json'
    file.write_text(json.dumps(people))
    settings = ExtensionSettings(source='mpii', threshold=-1e9)
    job = ExtensionJob(
        coco_files / 'student.py', union_checkpoint, file, coco_files, tmp_path / 'o.json', settings
    )
    assert extend_annotations(job)
    content = json.loads(job.out_file.read_text())
    assert (content['images'][0]['width'], content['images'][0]['height']) == (80, 60)
    person = content['annotations'][0]
    # 0.2 * 200 px on a side, 15 px * 0.2 lower than the centre, counted from 0.
    assert person['bbox'] == pytest.approx([20.0, 13.0, 40.0, 40.0])
    keypoints = np.reshape(person['keypoints'], (21, 3))
    for name, joint in zip(MPII16.keypoints[1:], joints[1:], strict=True):
        assert keypoints[UNION21.index(name)].tolist() == [joint[0] - 1, joint[1] - 1, 2]
    tiers = dict(zip(UNION21.keypoints, person['keypoint_tiers'], strict=True))
    assert tiers['pelvis'] == tiers['thorax'] == 3
    assert tiers['nose'] == tiers['left_ear'] == 1
    assert tiers['right_ankle'] == 0


def test_wrong_kind_of_file_is_named(make_job, coco_files):
    job = make_job('kind.json', source='mpii')
    with pytest.raises(ValueError, match=r"people\.json: got a dict.*source 'mpii'"):
        extend_annotations(job)


def test_damaged_image_is_named(make_job, coco_files, union_checkpoint, tmp_path):
    for file in coco_files.glob('*.png'):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / '7.png').write_bytes((coco_files / '7.png').read_bytes()[:-40])
    good = make_job('damaged.json')
    job = ExtensionJob(
        good.config, good.checkpoint, good.ann_file, tmp_path, good.out_file, good.settings
    )
    with pytest.raises(ValueError, match=r'7\.png'):
        extend_annotations(job)

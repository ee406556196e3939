"""The configs that test SEFD elsewhere than on 3DPW."""

import functools
import json
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, METRICS, MODELS

import mmpose_ext
from mmpose_ext.skeletons import LSP14

CONFIGS = Path(mmpose_ext.cfg('sefd_baseline.py')).parent
TESTS = {
    'pw3d_occ': ('PW3DMesh', 'MeshMetric', dict(subset='occ', bbox_source='pose2d')),
    'pw3d_pc': ('PW3DMesh', 'MeshMetric', dict(subset='pc', bbox_source='pose2d')),
    'pw3d_crowd': ('PW3DMesh', 'MeshMetric', dict(subset='crowd', bbox_source='pose2d')),
    'pw3d_gt_boxes': ('PW3DMesh', 'MeshMetric', dict(subset='test', bbox_source='gt')),
    'mupots': ('MuPoTSMesh', 'PCK3DMetric', dict(pose2d_file='MuPoTs_test_openpose_result.json')),
    'mupots_hhrnet': (
        *('MuPoTSMesh', 'PCK3DMetric'),
        dict(pose2d_file='MuPoTs_test_hhrnet_result.json'),
    ),
    'crowdpose': ('CrowdPoseMesh', 'ProjectedOKSMetric', dict(bbox_source='gt')),
    'ochuman': ('OCHumanMesh', 'ProjectedOKSMetric', dict(bbox_source='gt')),
    'lsp': ('LspMesh', 'ProjectedPCKhMetric', dict(split='test')),
    'relative_human': ('RelHumanMesh', 'ProjectedPCKhMetric', dict(bbox_source='gt')),
}


@functools.cache
def load(name):
    return Config.fromfile(CONFIGS / f'{name}.py')


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmpose')


@pytest.fixture
def annotations(tmp_path, monkeypatch):
    """One annotated person where the metrics look for annotations."""
    monkeypatch.chdir(tmp_path)

    def write(path, joints, **more):
        person = dict(id=1, image_id=1, category_id=1, bbox=[0, 0, 9, 9], area=81, iscrowd=0)
        person.update(keypoints=[1, 1, 2] * joints, num_keypoints=joints)
        person.update(keypoints_img=[[1, 1]] * joints, keypoints_cam=[[0, 0, 9]] * joints)
        image = dict(id=1, file_name='TS1/img_000000.jpg', width=9, height=9)
        image.update(intrinsic=[9, 9, 4, 4], crowdIndex=0.5)
        content = dict(
            images=[image],
            annotations=[dict(person, is_valid=1)],
            categories=[dict(id=1, name='person')],
        )
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(json.dumps(content))

    write('data/mupots/MuPoTS-3D.json', 17)
    write('data/crowdpose/annotations/crowdpose_test.json', 14)
    write('data/ochuman/ochuman_coco_format_test_range_0.00_1.00.json', 17)


def test_every_test_config_is_listed():
    files = {file.stem.removeprefix('test_') for file in (CONFIGS / 'sefd').glob('test_*.py')}
    assert files == {*TESTS, 'teacher_canny'}


@pytest.mark.parametrize('name', TESTS)
def test_other_test_sets_are_measured_by_their_own_metrics(name, annotations):
    config, student = load(f'sefd/test_{name}'), load('sefd_student')
    dataset_type, metric_type, options = TESTS[name]
    dataset = DATASETS.build(dict(config.test_dataloader.dataset, lazy_init=True))
    metric = METRICS.build(config.test_evaluator)
    assert (type(dataset).__name__, type(metric).__name__) == (dataset_type, metric_type)
    assert {key: getattr(dataset, key) for key in options} == options
    assert dataset.test_mode
    assert config.test_dataloader.dataset.pipeline == student.val_dataloader.dataset.pipeline
    for key in ('model', 'train_dataloader', 'val_dataloader', 'val_evaluator'):
        assert config[key] == student[key]
    # MeshMetric's are `all/MPJPE` and the like.
    assert metric.prefix in ('', name.removesuffix('_hhrnet'))
    if 'ann_file' in config.test_evaluator:
        assert Path(config.test_evaluator.ann_file) == Path(dataset.ann_file)


def test_labels_are_counted_once():
    assert set(METRICS.build(load('sefd/test_lsp').test_evaluator).names) == set(LSP14.keypoints)
    names = METRICS.build(load('sefd/test_relative_human').test_evaluator).names
    face = {'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'}
    assert set(names) == {*LSP14.keypoints, *face}
    assert len(names) == 19


def test_crowdpose_is_measured_as_it_defines(annotations):
    metric = METRICS.build(load('sefd/test_crowdpose').test_evaluator)
    assert metric.iou_type == 'keypoints_crowd' and not metric.use_area
    assert len(metric.joints.skeleton.keypoints) == 14


@pytest.mark.parametrize('name', ['sefd/test_lsp', 'sefd/test_pw3d_occ'])
def test_test_configs_take_networks_without_edges_too(name):
    config = load(name).copy()
    config.merge_from_dict({'model.backbone.in_channels': 3})
    keys = set(MODELS.build(config.model).state_dict())
    assert keys == set(MODELS.build(load('sefd_baseline').model).state_dict())

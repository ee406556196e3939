import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.apis import inference_topdown, init_model

from mmpose_ext import compat
from mmpose_ext.apis.export_student import export_student, load_student
from mmpose_ext.skeletons import COCO17, MPII16, UNION21

_BOXES = [[10, 10, 100, 110], [60, 5, 150, 118]]
# What a user without this package runs. The cure for a torchvision of another build is loaded as a
# file of its own, because such a user has a torchvision that works.
_STOCK_USER = """
import importlib.util, json, sys
compat, config, checkpoint, photo, boxes = sys.argv[1:]
spec = importlib.util.spec_from_file_location('cures', compat)
cures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cures)
cures.define_torchvision_operators()
from mmengine.runner import Runner
from mmpose.apis import inference_topdown, init_model
model = init_model(config, checkpoint, device='cpu')
samples = inference_topdown(model, photo, json.loads(boxes))
assert 'mmpose_ext' not in sys.modules
print('RESULT', json.dumps(dict(
    keypoints=[each.pred_instances.keypoints[0].tolist() for each in samples],
    names=list(model.dataset_meta['keypoint_name2id']))))
"""


def _run_as_stock_user(files, photo, tmp_path):
    run = subprocess.run(
        [sys.executable, '-c', _STOCK_USER, compat.__file__, files.config, files.checkpoint, photo]
        + [json.dumps(_BOXES)],
        cwd=tmp_path, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    line = next(line for line in run.stdout.splitlines() if line.startswith('RESULT'))
    return json.loads(line.removeprefix('RESULT'))


@pytest.fixture(scope='module')
def reference(union_config, union_checkpoint, photo):
    """All 21 keypoints, from the network put together by hand."""
    model, stock, meta = load_student(union_config, union_checkpoint)
    model.cfg, model.dataset_meta = stock, meta
    samples = inference_topdown(model, str(photo), np.float32(_BOXES))
    return np.stack([each.pred_instances.keypoints[0] for each in samples])


def test_stock_process_gives_the_same_keypoints(
    union_config, union_checkpoint, photo, reference, tmp_path
):
    files = export_student(union_config, union_checkpoint, tmp_path, 'coco17', name='student')
    assert 'mmpose_ext' not in files.config.read_text()
    found = _run_as_stock_user(files, photo, tmp_path)
    assert found['names'] == list(COCO17.keypoints)
    np.testing.assert_allclose(found['keypoints'], reference[:, :17], atol=1e-4)


@pytest.mark.parametrize('view', [COCO17, MPII16, UNION21])
def test_view_selects_by_name(union_config, union_checkpoint, photo, reference, tmp_path, view):
    files = export_student(union_config, union_checkpoint, tmp_path, view)
    model = init_model(str(files.config), str(files.checkpoint), device='cpu')
    samples = inference_topdown(model, str(photo), np.float32(_BOXES))
    keypoints = np.stack([each.pred_instances.keypoints[0] for each in samples])
    channels = [UNION21.keypoints.index(name) for name in view.keypoints]
    np.testing.assert_allclose(keypoints, reference[:, channels], atol=1e-4)


def test_checkpoint_holds_weights_and_plain_values(union_config, union_checkpoint, tmp_path):
    files = export_student(union_config, union_checkpoint, tmp_path)
    content = torch.load(files.checkpoint, weights_only=True)
    # json knows no array and no class, and cannot write what needs one.
    json.dumps(content['meta'])
    assert set(content) == {'meta', 'state_dict'}
    trained = torch.load(union_checkpoint, weights_only=True)['state_dict']
    assert content['state_dict'].keys() == trained.keys()
    for key, value in content['state_dict'].items():
        assert torch.equal(value, trained[key])
        assert value.dtype != torch.float16


def test_missing_keypoints_are_named(union_config, union_checkpoint, tmp_path):
    with pytest.raises(ValueError, match='left_big_toe'):
        export_student(union_config, union_checkpoint, tmp_path, 'halpe26')


def test_other_weights_are_refused(union_config, union_checkpoint, tmp_path):
    content = torch.load(union_checkpoint, weights_only=True)
    content['state_dict']['head.cls_x.weight'] = torch.zeros(10, 32)
    content['state_dict'].pop('head.cls_y.weight')
    other = tmp_path / 'other.pth'
    torch.save(content, other)
    with pytest.raises(ValueError, match=r'other\.pth.*cls_y\.weight is missing.*\(10, 32\)'):
        export_student(union_config, other, tmp_path)


def test_unknown_own_parts_are_named(union_config, union_checkpoint, tmp_path):
    config = Config(union_config.to_dict())
    config.test_dataloader.dataset.pipeline[1].type = 'mmpose_ext.SomethingNew'
    with pytest.raises(ValueError, match='mmpose_ext.SomethingNew'):
        export_student(config, union_checkpoint, tmp_path)


def _perfect_labels(keypoints, photo, folder):
    """A COCO file whose people stand exactly where the model sees them."""
    people = [
        dict(
            id=number,
            image_id=1,
            category_id=1,
            iscrowd=0,
            num_keypoints=17,
            area=8000.0,
            bbox=[box[0], box[1], box[2] - box[0], box[3] - box[1]],
            keypoints=np.insert(points[:17].astype(float), 2, 2, axis=1).ravel().tolist(),
        )
        for number, (box, points) in enumerate(zip(_BOXES, keypoints, strict=True), 1)
    ]
    content = dict(
        images=[dict(id=1, file_name=photo.name, width=160, height=120)],
        annotations=people,
        categories=[dict(id=1, name='person', keypoints=list(COCO17.keypoints), skeleton=[])],
    )
    file = folder / 'people.json'
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize('view', [COCO17, UNION21])
def test_stock_evaluation_runs_twice_alike(
    union_config, union_checkpoint, photo, reference, tmp_path, view
):
    files = export_student(union_config, union_checkpoint, tmp_path, view)
    labels = _perfect_labels(reference, photo, tmp_path)
    config = Config.fromfile(files.config)
    config.merge_from_dict(
        {
            'work_dir': str(tmp_path / 'work'),
            'load_from': str(files.checkpoint),
            'test_dataloader.num_workers': 0,
            'test_dataloader.persistent_workers': False,
            'test_dataloader.dataset.data_root': '',
            'test_dataloader.dataset.ann_file': str(labels),
            'test_dataloader.dataset.data_prefix.img': f'{photo.parent}/',
            'test_evaluator.ann_file': str(labels),
            # Random weights may see two people in the same place, who should both count.
            'test_evaluator.nms_mode': 'none',
            'test_evaluator.score_mode': 'bbox',
        }
    )
    runner = Runner.from_cfg(config)
    first, second = runner.test(), runner.test()
    assert first['coco/AP'] == pytest.approx(1.0)
    assert first == second

"""MMPose's own entry points on configs of this package."""

import json

import numpy as np
import pytest
from mmengine.config import Config
from mmpose.apis import MMPoseInferencer, inference_topdown, init_model
from mmpose.registry import DATASETS

import mmpose_ext
from mmpose_ext.apis.export_student import load_student
from mmpose_ext.skeletons import UNION21


@pytest.fixture
def config_file(union_config, tmp_path):
    file = tmp_path / 'distill.py'
    union_config.dump(file)
    return str(file)


def test_inferencer_runs_a_distillation_config_without_its_teachers(
    config_file, union_config, union_checkpoint, photo, tmp_path
):
    inferencer = MMPoseInferencer(
        pose2d=config_file,
        pose2d_weights=str(union_checkpoint),
        det_model='whole_image',
        device='cpu',
    )
    assert type(inferencer.inferencer.visualizer).__name__ == 'UnionVisualizer'
    out = tmp_path / 'out'
    result = next(inferencer(str(photo), return_vis=True, out_dir=str(out), kpt_thr=-100))
    person = result['predictions'][0][0]
    assert result['visualization'][0].shape == (120, 160, 3)
    assert (out / 'visualizations' / photo.name).exists()
    saved = json.loads((out / 'predictions' / f'{photo.stem}.json').read_text())
    assert len(saved[0]['keypoints']) == 21

    model, stock, meta = load_student(union_config, union_checkpoint)
    model.cfg, model.dataset_meta = stock, meta
    expected = inference_topdown(model, str(photo))[0].pred_instances
    np.testing.assert_allclose(person['keypoints'], expected.keypoints[0], atol=1e-4)


def test_init_model_knows_the_skeleton(config_file, union_config, photo):
    # A checkpoint says it; without one it comes from the config.
    model = init_model(config_file, device='cpu')
    names = model.dataset_meta['keypoint_id2name']
    assert [names[k] for k in range(21)] == list(UNION21.keypoints)
    sample = inference_topdown(model, str(photo), [[10, 10, 100, 110]])[0]
    assert sample.pred_instances.keypoints.shape == (1, 21, 2)


@pytest.mark.parametrize('name', ['unified_rtmpose_t.py', 'unified_rtmpose_s.py'])
def test_headline_configs_tell_the_inferencer_all_it_asks(name):
    config = Config.fromfile(mmpose_ext.cfg(name))
    assert config.data_mode == 'topdown'
    # The inferencer takes the folder below `datasets` for the kind of object to detect.
    module = DATASETS.get(config.dataset_type).__module__
    assert module.split('datasets.')[-1].split('.')[0] == 'body'

import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmpose_ext.apis.export_onnx import export_onnx
from mmpose_ext.apis.export_student import load_student
from mmpose_ext.skeletons import COCO17, UNION21

onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('onnx')


@pytest.mark.parametrize('view', [None, COCO17])
def test_outputs_are_the_head_logits(union_config, union_checkpoint, tmp_path, view):
    file = tmp_path / 'student.onnx'
    assert export_onnx(union_config, union_checkpoint, file, view) < 1e-3
    session = onnxruntime.InferenceSession(str(file), providers=['CPUExecutionProvider'])
    assert [each.name for each in session.get_inputs()] == ['input']
    assert [each.name for each in session.get_outputs()] == ['simcc_x', 'simcc_y']

    model, _, _ = load_student(union_config, union_checkpoint)
    names = (view or UNION21).keypoints
    channels = [UNION21.keypoints.index(name) for name in names]
    for batch in (1, 2, 5):
        images = torch.randn(batch, 3, 64, 48, generator=torch.Generator().manual_seed(batch))
        found = session.run(None, {'input': images.numpy()})
        with torch.no_grad():
            logits = model(images, None, mode='tensor')
        for one, other in zip(found, logits, strict=True):
            np.testing.assert_allclose(one, other[:, channels].numpy(), rtol=1e-3, atol=1e-3)
    assert found[0].shape == (5, len(names), 96)
    assert found[1].shape == (5, len(names), 128)


def test_difference_above_the_tolerance_leaves_no_file(union_config, union_checkpoint, tmp_path):
    file = tmp_path / 'student.onnx'
    with pytest.raises(ValueError, match='differs from PyTorch'):
        export_onnx(union_config, union_checkpoint, file, tolerance=-1.0)
    assert not file.exists()


def test_missing_packages_are_named(union_config, union_checkpoint, tmp_path, monkeypatch):
    # Python's own way to say that a module is not there.
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match='pip install'):
        export_onnx(union_config, union_checkpoint, tmp_path / 'student.onnx')


def test_heatmap_head_is_refused(union_config, union_checkpoint, tmp_path):
    config = Config(union_config.to_dict())
    config.model.head = dict(
        type='HeatmapHead',
        in_channels=128,
        out_channels=21,
        deconv_out_channels=None,
        loss=dict(type='KeypointMSELoss'),
    )
    model, _, _ = load_student(union_config, union_checkpoint)
    state = {k: v for k, v in model.state_dict().items() if k.startswith('backbone.')}
    state |= {
        'head.final_layer.weight': torch.zeros(21, 128, 1, 1),
        'head.final_layer.bias': torch.zeros(21),
    }
    file = tmp_path / 'heatmap.pth'
    torch.save(dict(state_dict=state), file)
    with pytest.raises(ValueError, match='HeatmapHead.*expected a SimCC head'):
        export_onnx(config, file, tmp_path / 'student.onnx')

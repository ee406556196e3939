"""The command lines over this package's functions, run as a user runs them."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from mmpose_ext.skeletons import COCO17

_TOOLS = Path(__file__).parents[2] / 'tools'


@pytest.fixture
def run(monkeypatch):
    def run_tool(path: str, *arguments) -> None:
        spec = importlib.util.spec_from_file_location(Path(path).stem, _TOOLS / path)
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        monkeypatch.setattr(sys, 'argv', [path, *map(str, arguments)])
        tool.main()

    return run_tool


@pytest.fixture
def student(union_config, union_checkpoint, tmp_path):
    file = tmp_path / 'student.py'
    union_config.dump(file)
    return file, union_checkpoint


def test_export_student(run, student, tmp_path, capsys):
    out = tmp_path / 'exported'
    run('model_converters/export_student.py', *student, '--out', out, '--skeleton', 'coco17')
    files = sorted(file.name for file in out.iterdir())
    assert files == ['student_coco.pth', 'student_coco.py']
    assert 'init_model' in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"error: got skeleton 'nothing'"):
        run('model_converters/export_student.py', *student, '--out', out, '--skeleton', 'nothing')


def test_export_onnx(run, student, tmp_path, capsys):
    pytest.importorskip('onnxruntime')
    out = tmp_path / 'exported' / 'student.onnx'
    run('model_converters/export_onnx.py', *student, '--out', out)
    assert out.exists()
    assert 'largest difference' in capsys.readouterr().out
    absent = tmp_path / 'absent.pth'
    with pytest.raises(SystemExit, match=r'error: .*absent\.pth'):
        run('model_converters/export_onnx.py', student[0], absent, '--out', out)


def test_extend_annotations(run, student, photo, tmp_path, capsys):
    person = dict(
        id=1,
        image_id=1,
        category_id=1,
        iscrowd=0,
        area=900.0,
        bbox=[10, 10, 80, 90],
        num_keypoints=17,
        keypoints=[50, 50, 2] * 17,
    )
    content = dict(
        images=[dict(id=1, file_name=photo.name, width=160, height=120)],
        annotations=[person],
        categories=[dict(id=1, name='person', keypoints=list(COCO17.keypoints), skeleton=[])],
    )
    labels, out = tmp_path / 'labels.json', tmp_path / 'extended.json'
    labels.write_text(json.dumps(content))
    arguments = ['--ann-file', labels, '--img-dir', photo.parent, '--out', out]
    tool = 'dataset_converters/extend_annotations.py'
    run(tool, *student, *arguments, '--threshold=-1000', '--shard', '0/1')
    assert 'complete' in capsys.readouterr().out
    extended = json.loads(out.read_text())['annotations'][0]
    assert extended['num_keypoints'] == 21
    assert extended['keypoints'][:51] == person['keypoints']
    with pytest.raises(SystemExit, match='2'):
        run(tool, *student, *arguments, '--shard', '1/1')
    arguments[3] = tmp_path
    with pytest.raises(SystemExit, match=photo.name):
        run(tool, *student, *arguments[:-1], tmp_path / 'other.json')

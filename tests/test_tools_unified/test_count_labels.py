import json
import sys

import numpy as np
import pytest

from mmpose_ext.skeletons import COCO17, MPII16


@pytest.fixture(scope='module')
def tool(load_tool):
    return load_tool('analysis_tools/count_labels.py')


def test_coco_counts(tool, people):
    counts = tool.count_labels(people / 'coco.json')
    assert counts.people == 3
    # Person n lacks the last n keypoints; keypoints with an even index are hidden.
    labelled = [3] * 14 + [2, 1, 0]
    assert list(counts.labelled.values()) == labelled
    expected = [0 if k % 2 == 0 else number for k, number in enumerate(labelled)]
    assert list(counts.visible.values()) == expected
    assert list(counts.labelled) == list(COCO17.keypoints)


def test_mpii_counts(tool, people):
    counts = tool.count_labels(people / 'mpii.json', 'mpii', 'val')
    assert (counts.source, counts.people) == ('val', 3)
    assert counts.labelled == {name: 2 if k < 3 else 3 for k, name in enumerate(MPII16.keypoints)}
    assert counts.visible == counts.labelled


def test_halpe_in_the_union_skeleton(tool, tmp_path):
    keypoints = np.zeros((136, 3), int)
    keypoints[:18, 2] = 2
    keypoints[5, 2] = 1
    people = [keypoints, keypoints * [[1, 1, 0]]]
    annotations = [dict(id=i, keypoints=p.ravel().tolist()) for i, p in enumerate(people)]
    file = tmp_path / 'halpe.json'
    file.write_text(json.dumps(dict(annotations=annotations, categories=[dict(id=1)])))
    counts = tool.count_labels(file, 'halpe', skeleton='union21')
    # Halpe's head is there; its neck and hip are not, but the thorax lies between the shoulders.
    assert counts.labelled['head_top'] == counts.labelled['thorax'] == 1
    assert counts.visible['head_top'] == 1
    assert counts.visible['thorax'] == 0
    assert counts.labelled['upper_neck'] == 0
    assert len(counts.labelled) == 21


def test_table_and_json(tool, people, tmp_path, monkeypatch, capsys):
    out = tmp_path / 'sub' / 'counts.json'
    files = [f'a={people / "coco.json"}', f'b={people / "mpii.json"}']
    monkeypatch.setattr(sys, 'argv', ['count_labels.py', *files, '--json', str(out)])
    tool.main()
    printed = capsys.readouterr().out
    assert 'upper_neck' in printed
    written = json.loads(out.read_text())
    assert [each['source'] for each in written] == ['a', 'b']
    assert written[0]['labelled']['nose'] == 3


def test_bad_files_are_named(tool, people, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r'mpii\.json: not in the format .coco.'):
        tool.count_labels(people / 'mpii.json', 'coco')
    content = json.loads((people / 'coco.json').read_text())
    content['annotations'][1]['keypoints'] = [1, 2, 2]
    bad = tmp_path / 'bad.json'
    bad.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r'bad\.json: person 1 got 1 keypoints, expected 17'):
        tool.count_labels(bad)
    monkeypatch.setattr(sys, 'argv', ['count_labels.py', str(tmp_path / 'absent.json')])
    with pytest.raises(SystemExit, match=r'absent\.json'):
        tool.main()

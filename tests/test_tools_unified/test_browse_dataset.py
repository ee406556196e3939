import sys

import cv2
import pytest
from mmengine.config import Config


@pytest.fixture(scope='module')
def tool(load_tool):
    return load_tool('analysis_tools/browse_dataset.py')


@pytest.fixture
def config_file(people, tmp_path):
    codec = dict(
        type='SimCCLabel',
        input_size=(48, 64),
        sigma=(1.2, 1.4),
        simcc_split_ratio=2.0,
        normalize=False,
        use_dark=False,
    )
    pipeline = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip', prob=1.0),
        dict(type='mmpose_ext.TopdownAffineCanvas', input_size=(48, 64), canvas_size=(64, 64)),
        dict(type='GenerateTarget', encoder=codec),
        dict(type='mmpose_ext.PackUnionInputs'),
    ]
    common = dict(data_mode='topdown', data_prefix=dict(img=f'{people}/'))
    sources = dict(
        coco=dict(
            skeleton='coco17',
            dataset=dict(type='CocoDataset', ann_file=str(people / 'coco.json'), **common),
        ),
        mpii=dict(
            skeleton='mpii16',
            one_based=True,
            dataset=dict(type='MpiiDataset', ann_file=str(people / 'mpii.json'), **common),
        ),
    )
    dataset = dict(
        type='mmpose_ext.UnionDataset',
        skeleton='union21',
        sources=sources,
        pipeline=pipeline,
        teachers=dict(coco='coco17', mpii='mpii16'),
    )
    file = tmp_path / 'config.py'
    Config(dict(default_scope='mmpose', train_dataloader=dict(dataset=dataset))).dump(file)
    return file


def _run(tool, monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['browse_dataset.py', *map(str, arguments)])
    tool.main()


@pytest.mark.parametrize('raw', [False, True])
def test_pictures_of_each_source(tool, config_file, tmp_path, monkeypatch, raw):
    out = tmp_path / 'out'
    extra = ['--raw'] if raw else ['--canvas']
    _run(tool, monkeypatch, config_file, '--out', out, '--number', 4, *extra)
    files = sorted(file.name for file in out.iterdir())
    assert [file.split('_')[0] for file in files] == ['coco', 'coco', 'mpii', 'mpii', 'sheet.png']
    first = cv2.imread(str(out / files[0]))
    sheet = cv2.imread(str(out / 'sheet.png'))
    assert sheet.shape[1] > first.shape[1]
    if raw:
        assert first.shape == (120, 160, 3)


def test_same_seed_same_pictures(tool, config_file, tmp_path, monkeypatch):
    sheets = []
    for name in ('a', 'b'):
        _run(tool, monkeypatch, config_file, '--out', tmp_path / name, '--number', 2)
        sheets.append((tmp_path / name / 'sheet.png').read_bytes())
    assert sheets[0] == sheets[1]


def test_missing_data_is_named(tool, config_file, tmp_path, monkeypatch):
    option = 'train_dataloader.dataset.sources.coco.dataset.ann_file=absent.json'
    with pytest.raises(SystemExit, match=r'absent\.json'):
        _run(tool, monkeypatch, config_file, '--out', tmp_path, '--cfg-options', option)
    with pytest.raises(SystemExit, match='has no val_dataloader'):
        _run(tool, monkeypatch, config_file, '--out', tmp_path, '--split', 'val')

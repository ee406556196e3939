import importlib.util
import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset

from mmpose_ext.apis import edge_maps
from mmpose_ext.apis.edge_maps import EdgeMapJob
from mmpose_ext.apis.mask_edge_drawer import MaskEdgeDrawer
from mmpose_ext.datasets.transforms import LoadEdgeMap, LoadEncodedImage
from mmpose_ext.registry import DATASETS

HERE = Path(__file__).parent
# Corners (left, top, right, bottom) of the people in each image; the last has none.
_PEOPLE = [[(5, 5, 20, 30)], [(0, 10, 12, 47), (30, 8, 50, 40)], [(4, 4, 60, 44)], []]
_CONFIG = """
custom_imports = dict(imports=['red_segmentor'])
model = dict(type='RedSegmentor', data_preprocessor=dict(type='DetDataPreprocessor'))
test_dataloader = dict(dataset=dict(type='CocoDataset', pipeline=[
    dict(type='LoadImageFromFile'),
    dict(type='PackDetInputs', meta_keys=('img_id', 'ori_shape', 'img_shape'))]))
"""


@DATASETS.register_module()
class PlainImages(BaseDataset):
    """Images whose people nobody knows."""

    def load_data_list(self):
        return [dict(img_path=str(path)) for path in sorted(Path(self.data_root).glob('*.png'))]


@pytest.fixture(autouse=True)
def _small_units(monkeypatch):
    monkeypatch.setattr(edge_maps, '_UNIT_IMAGES', 1)
    monkeypatch.syspath_prepend(str(HERE))


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / 'images'
    folder.mkdir()
    for number, people in enumerate(_PEOPLE):
        image = np.zeros((48, 64, 3), np.uint8)
        for left, top, right, bottom in people:
            image[top:bottom, left:right, 2] = 200
        cv2.imwrite(str(folder / f'{number}.png'), image)
    return folder


@pytest.fixture
def segmentor(tmp_path):
    path = tmp_path / 'segmentor.py'
    path.write_text(_CONFIG)
    return path


@pytest.fixture
def save_checkpoint(tmp_path):
    def save(name='red.pth', threshold=100.0):
        torch.save(dict(state_dict={'threshold': torch.tensor([threshold])}), tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def make_job(root, tmp_path, segmentor, save_checkpoint):
    def make(out='maps', checkpoint=None, **options):
        drawer = MaskEdgeDrawer(checkpoint or save_checkpoint(), segmentor, **options)
        return EdgeMapJob(PlainImages(data_root=str(root)), tmp_path / out, drawer, str(root))

    return make


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def frames(people):
    """One pixel wide outlines, except along the border of the image."""
    edges = np.zeros((48, 64), np.float32)
    for left, top, right, bottom in people:
        edges[top:bottom, left:right] = 1
        inner = np.s_[top + (top > 0) : bottom - (bottom < 48), left + (left > 0) : right - 1]
        edges[inner] = 0
    return edges


def test_maps_are_outlines_of_people_and_empty_without_any(make_job, root):
    job = make_job()
    summary = job.run(workers=0)
    assert (summary.made, summary.complete) == (len(_PEOPLE), True)
    load = LoadEdgeMap(str(job.out), str(root))
    for number, people in enumerate(_PEOPLE):
        sample = LoadEncodedImage()(dict(img_path=str(root / f'{number}.png')))
        np.testing.assert_array_equal(load(sample)['edge'], frames(people))
    assert json.loads((job.out / 'manifest.json').read_text())['kind'] == 'mask_edge_maps'


def test_shards_and_stops_give_the_same_bytes(make_job):
    make_job('alone').run(workers=0)
    expected = contents(make_job('alone').out)
    assert len(expected) == len(_PEOPLE) + 1
    assert not make_job('shards').run(workers=0, shard=(1, 2)).complete
    job = make_job('shards')

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.run(workers=0, shard=(0, 2), progress=stop)
    summary = make_job('shards').run(workers=0, shard=(0, 2))
    assert (summary.kept, summary.made, summary.complete) == (1, 1, True)
    assert contents(job.out) == expected
    (job.out / '1.png').write_bytes(b'damaged')
    assert make_job('shards').run(workers=0).remade == 1
    assert contents(job.out) == expected


@pytest.mark.slow
def test_worker_processes_give_the_same_bytes(make_job):
    alone, workers = make_job('alone'), make_job('workers')
    alone.run(workers=0)
    assert workers.run(workers=2).made == len(_PEOPLE)
    assert contents(workers.out) == contents(alone.out)


def test_maps_of_another_segmentor_or_line_are_refused(make_job, segmentor, save_checkpoint):
    copy = segmentor.parent / 'copy.pth'
    shutil.copy(save_checkpoint(), copy)
    make_job().run(workers=0)
    with pytest.raises(ValueError, match="other settings: got {'weights'"):
        make_job(checkpoint=save_checkpoint('other.pth', 50.0))
    with pytest.raises(ValueError, match="other settings: got {'thickness': 1}, expected .*3"):
        make_job(thickness=3)
    assert make_job(checkpoint=copy).run(workers=0).kept == len(_PEOPLE)
    edited = _CONFIG.replace("'DetDataPreprocessor'", "'DetDataPreprocessor', pad_size_divisor=32")
    segmentor.write_text(edited)
    with pytest.raises(ValueError, match="other settings: got {'segmentor'"):
        make_job(checkpoint=save_checkpoint('third.pth'))


def load_tool():
    path = HERE.parents[1] / 'tools/dataset_converters/make_edges.py'
    spec = importlib.util.spec_from_file_location('make_edges', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


@pytest.fixture
def arguments(root, tmp_path, segmentor, save_checkpoint):
    return [
        *('--dataset', 'type=mmpose_ext.PlainImages', f'data_root={root}'),
        *('--source=masks', f'--segmentor={segmentor}', f'--checkpoint={save_checkpoint()}'),
        *(f'--out={tmp_path}/maps', f'--img-prefix={root}', '--workers=0'),
    ]


def test_the_command_makes_mask_maps(arguments, tmp_path, root, capsys):
    tool = load_tool()
    tool.main([*arguments, f'--preview={tmp_path}/sheet.png'])
    assert cv2.imread(str(tmp_path / 'sheet.png')).shape[0] > 900
    assert not (tmp_path / 'maps').exists()
    tool.main([*arguments, '--thickness=3'])
    expected = f"LoadEdgeMap', edge_prefix='{tmp_path}/maps', img_prefix='{root}')"
    assert expected in capsys.readouterr().out
    edge = cv2.imread(str(tmp_path / 'maps/0.png'), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(edge / 255, cv2.dilate(frames(_PEOPLE[0]), np.ones((3, 3))))


def test_the_command_ends_with_a_sentence(arguments, root, capsys):
    tool = load_tool()
    for wrong, message in (
        ([*arguments, '--thickness=2'], 'thickness got 2'),
        ([*arguments, '--checkpoint=none.pth'], "mask segmentor: checkpoint got 'none.pth'"),
        ([*arguments, '--segmentor=none.py'], 'none.py'),
    ):
        with pytest.raises(SystemExit, match=message):
            tool.main(wrong)
    for wrong, message in (
        ([*arguments, '--mode=all'], '--mode is not for --source masks'),
        ([*arguments[:3], '--source=masks'], 'needs --checkpoint'),
        ([*arguments[:3], '--checkpoint=a.pth'], '--checkpoint is not for --source smpl'),
    ):
        with pytest.raises(SystemExit):
            tool.parse_args(wrong)
        assert message in capsys.readouterr().err
    (root / '1.png').write_bytes((root / '1.png').read_bytes()[:-30])
    with pytest.raises(SystemExit, match=r'1\.png.*truncated'):
        tool.main(arguments)


def test_on_another_device_one_worker_is_the_default(arguments):
    tool = load_tool()
    others = [argument for argument in arguments if not argument.startswith('--workers')]
    assert tool.parse_args(others).workers == os.cpu_count()
    assert tool.parse_args([*others, '--device=cuda']).workers == 1
    default = tool.parse_args(['config.py', '--source=masks', '--checkpoint=a.pth'])
    assert default.out == Path('data/mask_edges')

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.dataset import BaseDataset, ConcatDataset

from mmpose_ext.apis import edge_maps
from mmpose_ext.apis.edge_maps import EdgeMapJob
from mmpose_ext.apis.smpl_edge_drawer import SMPLEdgeDrawer
from mmpose_ext.datasets.transforms import LoadEdgeMap, RenderSMPLEdge
from mmpose_ext.registry import DATASETS

_IMAGES = 7
_WIDTH, _HEIGHT = 64, 80


def person(x, z=3.0, gender='neutral'):
    pose = np.zeros((24, 3), np.float32)
    pose[0, 0] = np.pi
    return dict(
        pose=pose,
        betas=np.zeros(10, np.float32),
        transl=np.array([x, 0, z], np.float32),
        gender=gender,
        camera=np.array([[90, 0, 31.5], [0, 90, 39.5], [0, 0, 1]]),
        bbox_area=900.0,
    )


@DATASETS.register_module()
class EdgeToyDataset(BaseDataset):
    """One to three people per image, each of them a sample that begins with that person."""

    def __init__(self, root, images=_IMAGES, **kwargs):
        self.root, self.images = root, images
        super().__init__(serialize_data=False, **kwargs)

    def load_data_list(self):
        samples = []
        for number in range(self.images):
            persons = [person(0.2 * k - 0.1 * number, 3 + 0.3 * k) for k in range(number % 3 + 1)]
            for first in range(len(persons)):
                order = [persons[first], *persons[:first], *persons[first + 1 :]]
                path = f'{self.root}/images/{number % 2}/{number}.jpg'
                samples.append(dict(img_path=path, persons=order))
        return samples


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('edges')
    for number in range(_IMAGES):
        path = root / f'images/{number % 2}/{number}.jpg'
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((_HEIGHT, _WIDTH, 3), 30 * number, np.uint8))
    return root


@pytest.fixture(autouse=True)
def _small_units(monkeypatch):
    monkeypatch.setattr(edge_maps, '_UNIT_IMAGES', 2)


@pytest.fixture
def make_job(root, tmp_path):
    def make(out='maps', dataset=None, prefix=root / 'images', naming='{stem}.png', **settings):
        drawer = SMPLEdgeDrawer(RenderSMPLEdge(body_model='standin', **settings))
        dataset = EdgeToyDataset(root) if dataset is None else dataset
        return EdgeMapJob(dataset, tmp_path / out, drawer, str(prefix), naming)

    return make


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


def test_shards_in_any_order_give_the_same_bytes(make_job):
    alone, shards = make_job('alone'), make_job('shards')
    summary = alone.run(workers=0)
    assert (summary.made, summary.kept, summary.complete) == (_IMAGES, 0, True)
    assert not shards.run(workers=0, shard=(2, 3)).complete
    assert not make_job('shards').run(workers=0, shard=(0, 3)).complete
    assert make_job('shards').run(workers=0, shard=(1, 3)).complete
    expected = contents(alone.out)
    assert len(expected) == _IMAGES + 1
    assert contents(shards.out) == expected
    assert not (alone.out / '.parts').exists() and not (shards.out / '.parts').exists()


@pytest.mark.slow
def test_worker_processes_give_the_same_bytes(make_job):
    alone, workers = make_job('alone'), make_job('workers')
    alone.run(workers=0)
    assert workers.run(workers=2).made == _IMAGES
    assert contents(workers.out) == contents(alone.out)


def test_the_order_of_samples_does_not_matter(make_job, root):
    job, other = make_job('plain'), EdgeToyDataset(root)
    samples = [other.get_data_info(index) for index in reversed(range(len(other)))]
    reverse = EdgeToyDataset(root, lazy_init=True)
    reverse.load_data_list = lambda: samples
    job.run(workers=0)
    mixed = make_job('mixed', ConcatDataset([reverse, EdgeToyDataset(root)]))
    assert mixed.run(workers=0).made == _IMAGES
    assert contents(mixed.out) == contents(job.out)


@pytest.mark.parametrize('values', ['binary', 'magnitude'])
def test_maps_are_what_online_rendering_gives(make_job, root, values):
    job = make_job(values=values, mode='overlap', dilation=3)
    job.run(workers=0)
    load = LoadEdgeMap(str(job.out), str(root / 'images'))
    for index in (0, 2, 5):
        sample = dict(EdgeToyDataset(root)[index], img_shape=(_HEIGHT, _WIDTH))
        online = job.drawer.renderer(dict(sample))['edge']
        assert online.any()
        np.testing.assert_allclose(
            load(dict(sample))['edge'],
            online,
            atol=1e-6 if values == 'binary' else 0.5 / 255 + 1e-6,
        )


def test_a_stopped_run_continues(make_job):
    job = make_job('stopped')

    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.run(workers=0, progress=stop)
    # A killed process leaves whole maps without a record, and the beginning of another.
    (job.out / '1').mkdir()
    (job.out / '1/5.png').write_bytes(b'not checked by anybody')
    (job.out / '1/.1.png.tmp-1').write_bytes(b'half')
    seen = []
    again = make_job('stopped').run(workers=0, progress=lambda *step: seen.append(step))
    assert (again.kept, again.made, again.remade, again.complete) == (4, 3, 0, True)
    assert seen[-1] == (_IMAGES, _IMAGES)
    whole = make_job('whole')
    whole.run(workers=0)
    assert contents(job.out) == contents(whole.out)


def test_damaged_and_removed_maps_are_made_again(make_job):
    job = make_job()
    job.run(workers=0)
    expected = contents(job.out)
    (job.out / '0/2.png').write_bytes(expected['0/2.png'][:-20])
    (job.out / '1/3.png').write_bytes(expected['1/1.png'])
    (job.out / '1/5.png').unlink()
    # Nobody but the shard whose map it is repairs it.
    summary = make_job().run(workers=0, shard=(0, 2))
    assert summary.remade + summary.kept == 4
    summary = make_job().run(workers=0)
    assert summary.remade + summary.kept == _IMAGES and summary.remade > 0
    assert contents(job.out) == expected
    assert make_job().run(workers=0).kept == _IMAGES


def test_maps_of_other_settings_are_refused(make_job):
    make_job().run(workers=0, shard=(0, 2))
    with pytest.raises(ValueError, match=r"other settings.*'dilation': 'paper'.*'dilation': 5"):
        make_job(dilation=5)
    with pytest.raises(ValueError, match="'values': 'magnitude'"):
        make_job(values='magnitude')
    assert make_job().run(workers=0).complete


def test_maps_of_other_people_or_images_are_refused(make_job, root):
    make_job().run(workers=0)
    fewer = EdgeToyDataset(root, images=5)
    with pytest.raises(ValueError, match=r"'0/6\.png' belongs to an image that this dataset"):
        make_job(dataset=fewer)
    moved = EdgeToyDataset(root, lazy_init=True)
    samples = moved.load_data_list()
    samples[0]['persons'][0]['transl'] += np.float32(1e-3)
    moved.load_data_list = lambda: samples
    moved.full_init()
    with pytest.raises(ValueError, match=r'the people of .*images/0/0\.jpg'):
        make_job(dataset=moved)
    make_job('few', fewer).run(workers=0)
    with pytest.raises(ValueError, match=r'has none of .*images/[01]/[56]\.jpg'):
        make_job('few')


def test_foreign_folders_are_left_alone(make_job, tmp_path):
    (tmp_path / 'maps').mkdir()
    (tmp_path / 'maps/thesis.txt').write_text('precious')
    with pytest.raises(ValueError, match='not edge maps of this command'):
        make_job()
    assert contents(tmp_path / 'maps') == {'thesis.txt': b'precious'}
    (tmp_path / 'maps/manifest.json').write_text('{"kind": ')
    with pytest.raises(ValueError, match=r'manifest\.json is damaged'):
        make_job()


def test_an_image_of_another_size_than_its_map_is_refused(make_job, root):
    make_job().run(workers=0)
    path = root / 'images/1/3.jpg'
    before = path.read_bytes()
    try:
        cv2.imwrite(str(path), np.zeros((40, 50, 3), np.uint8))
        with pytest.raises(ValueError, match=r'3\.jpg: got 50 x 40 pixels, expected the 64 x 80'):
            make_job().run(workers=0)
        path.write_bytes(before[:-30])
        with pytest.raises(ValueError, match=r'3\.jpg.*truncated'):
            make_job().run(workers=0)
    finally:
        path.write_bytes(before)


def test_unusable_samples_are_named(make_job, root):
    def dataset(change):
        toys = EdgeToyDataset(root, lazy_init=True)
        samples = toys.load_data_list()
        change(samples)
        toys.load_data_list = lambda: samples
        toys.full_init()
        return toys

    def not_a_number(samples):
        samples[4]['persons'][0]['pose'][3, 1] = np.nan

    def no_persons(samples):
        del samples[1]['persons']

    def disagreeing(samples):
        samples[2]['persons'].pop()

    def same_name(samples):
        samples[0]['img_path'] = samples[-1]['img_path'].replace('.jpg', '.png')

    for change, message in (
        (not_a_number, r'images/0/2\.jpg: person 1: pose'),
        (no_persons, 'sample 1 .*has no persons'),
        (disagreeing, r'images/1/1\.jpg: samples 1 and 2 name other persons'),
        (same_name, r"one edge map, '0/6\.png'.*'\{path\}\.png'"),
    ):
        with pytest.raises(ValueError, match=message):
            make_job(dataset=dataset(change))
    make_job(dataset=dataset(same_name), naming='{path}.png')
    with pytest.raises(ValueError, match='does not lie in img_prefix'):
        make_job(prefix='elsewhere')


_CONFIG = """
default_scope = 'mmpose'
train_dataloader = dict(
    dataset=dict(type='mmpose_ext.EdgeToyDataset', root={root!r}, pipeline=[]))
"""
# The command with the dataset of this file, slow enough to be killed in between.
_SCRIPT = """
import importlib.util, sys, time
sys.path.insert(0, {tests!r})
import test_edge_maps
from mmpose_ext.apis import edge_maps
edge_maps._UNIT_IMAGES = 1
original = edge_maps.write_atomically
edge_maps.write_atomically = lambda *file: (time.sleep(0.3), original(*file))
test_edge_maps.load_tool().main(sys.argv[1:])
"""


def load_tool():
    path = Path(__file__).parents[2] / 'tools/dataset_converters/make_edges.py'
    spec = importlib.util.spec_from_file_location('make_edges', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


@pytest.fixture
def arguments(root, tmp_path):
    (tmp_path / 'config.py').write_text(_CONFIG.format(root=str(root)))
    return [
        str(tmp_path / 'config.py'),
        f'--out={tmp_path}/maps',
        f'--img-prefix={root}/images',
        '--body-model=standin',
        '--workers=0',
    ]


@pytest.mark.slow
def test_the_command_continues_after_a_kill(arguments, tmp_path, root, repository, monkeypatch):
    monkeypatch.setattr(edge_maps, '_UNIT_IMAGES', 1)
    process = subprocess.Popen(
        [sys.executable, '-c', _SCRIPT.format(tests=str(Path(__file__).parent)), *arguments],
        env=os.environ | dict(PYTHONPATH=str(repository), OMP_NUM_THREADS='1'),
        stdout=subprocess.DEVNULL,
    )
    parts = tmp_path / 'maps/.parts'
    deadline = time.monotonic() + 120
    while len(list(parts.glob('*.json'))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    assert process.wait(timeout=60) == -signal.SIGKILL
    load_tool().main([*arguments, '--shard=0/1'])
    whole = EdgeMapJob(
        EdgeToyDataset(root),
        tmp_path / 'whole',
        SMPLEdgeDrawer(RenderSMPLEdge(body_model='standin')),
        f'{root}/images',
    )
    whole.run(workers=0)
    assert contents(tmp_path / 'maps') == contents(tmp_path / 'whole')


def test_the_command_tells_how_to_use_the_maps(arguments, tmp_path, root, capsys):
    tool = load_tool()
    tool.main([*arguments, '--shard=1/2'])
    assert 'others are not yet' in capsys.readouterr().out
    tool.main(arguments)
    output = capsys.readouterr().out
    assert re.search(r'made \d maps, kept [1-9], replaced 0', output)
    expected = f"LoadEdgeMap', edge_prefix='{tmp_path}/maps', img_prefix='{root}/images')"
    assert expected in output


def test_the_command_draws_a_preview(arguments, tmp_path):
    load_tool().main([*arguments, f'--preview={tmp_path}/sheet.png'])
    assert cv2.imread(str(tmp_path / 'sheet.png')).shape[0] > 900
    assert not (tmp_path / 'maps').exists()


def test_the_command_ends_with_a_sentence(arguments, capsys, monkeypatch):
    tool = load_tool()
    for wrong, message in (
        ([*arguments, '--dilation=wide'], "dilation got 'wide'"),
        ([*arguments, '--split=val'], 'has no val_dataloader'),
        ([*arguments, '--img-prefix=elsewhere'], 'does not lie'),
    ):
        with pytest.raises(SystemExit, match=message):
            tool.main(wrong)
    for wrong in ([], [*arguments, '--shard=2/2'], [*arguments, '--dataset', 'type=X']):
        with pytest.raises(SystemExit) as ending:
            tool.parse_args(wrong)
        assert ending.value.code == 2

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(EdgeMapJob, 'run', interrupted)
    with pytest.raises(SystemExit, match='run the same command to continue'):
        tool.main(arguments)


def test_the_command_takes_a_dataset_without_a_config(arguments, root, tmp_path):
    tool = load_tool()
    dataset = ['--dataset', 'type=mmpose_ext.EdgeToyDataset', f'root={root}', 'images=3']
    args = tool.parse_args([*arguments[1:], *dataset])
    assert len(tool.build_dataset(args)) == 6

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_ext.skeletons import UNION21
from mmpose_ext.synthetic.generate import Generation
from mmpose_ext.synthetic.image import make_image
from mmpose_ext.synthetic.plan import pretrain_plan

SEED = 3
ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'make_synthetic.py'


def finish(generation, **options):
    return list(generation.run(**options))[-1]


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


def test_shards_in_any_order_give_the_same_bytes(tmp_path, shrunk_plan, data_set):
    plan = shrunk_plan(6)
    finish(Generation(plan, tmp_path, SEED), workers=0, shard=(1, 2))
    assert not Generation(plan, tmp_path, SEED).is_complete()
    assert not (tmp_path / 'coco/annotations').exists()
    finish(Generation(plan, tmp_path, SEED), workers=0, shard=(0, 2))
    assert Generation(plan, tmp_path, SEED).is_complete()
    assert contents(tmp_path) == contents(data_set)


def test_worker_processes_give_the_same_bytes(tmp_path, shrunk_plan, data_set):
    last = finish(Generation(shrunk_plan(6), tmp_path, SEED), workers=2)
    assert last.done == last.made == last.total == 24
    assert contents(tmp_path) == contents(data_set)


def test_another_seed_gives_another_image(shrunk_plan, bodies):
    split = shrunk_plan(1).splits[0]
    assert make_image(split, 0, 1, bodies)[0] != make_image(split, 0, 2, bodies)[0]


def test_damaged_images_are_made_again(tmp_path, shrunk_plan):
    plan = shrunk_plan(2)
    finish(Generation(plan, tmp_path, SEED), workers=0)
    before = contents(tmp_path)
    images = sorted((tmp_path / 'mpii/images').iterdir())
    images[0].write_bytes(images[0].read_bytes()[:100])
    images[1].unlink()
    (tmp_path / '.records/coco_val/1.json').unlink()
    (tmp_path / 'coco/val2017/.000000500001.jpg.tmp-1').write_bytes(b'half')
    generation = Generation(plan, tmp_path, SEED)
    assert not generation.is_complete()
    assert finish(generation, workers=0).made == 3
    assert contents(tmp_path) == before


def test_another_seed_or_a_foreign_folder_is_refused(tmp_path, shrunk_plan):
    plan = shrunk_plan(1)
    mine, foreign = tmp_path / 'mine', tmp_path / 'foreign'
    finish(Generation(plan, mine, SEED), workers=0)
    with pytest.raises(ValueError, match="'seed': 4"):
        Generation(plan, mine, 4)
    foreign.mkdir()
    (foreign / 'thesis.txt').write_text('precious')
    with pytest.raises(ValueError, match='not synthetic data'):
        Generation(plan, foreign, SEED)
    with pytest.raises(ValueError, match='not synthetic data'):
        Generation.clear(foreign)
    assert (foreign / 'thesis.txt').read_text() == 'precious'
    Generation.clear(mine)
    Generation(plan, mine, 4)


def test_images_are_whole_and_hold_different_people(data_set):
    paths = sorted((data_set / 'coco/train2017').iterdir())
    images = [cv2.imread(str(path)) for path in paths]
    assert len(images) == 6
    for image in images:
        assert image.std() > 5
    assert len({path.read_bytes() for path in data_set.rglob('*.jpg')}) == 24


def test_pretraining_labels_are_the_union(tmp_path):
    plan = pretrain_plan('tiny')
    plan = type(plan)(
        plan.name,
        plan.size,
        tuple(type(s)(**{**vars(s), 'count': 3, 'image_scale': 0.4}) for s in plan.splits),
        plan.write,
    )
    finish(Generation(plan, tmp_path, SEED), workers=0)
    content = json.loads((tmp_path / 'annotations/union21_train.json').read_text())
    assert content['categories'][0]['keypoints'] == list(UNION21.keypoints)
    assert len(content['images']) == 6
    for annotation in content['annotations']:
        keypoints = np.array(annotation['keypoints']).reshape(21, 3)
        assert annotation['num_keypoints'] == (keypoints[:, 2] > 0).sum()
        hips = keypoints[[11, 12, 17]]
        if (hips[:, 2] > 0).all():
            size = np.sqrt(annotation['area'])
            assert np.linalg.norm(hips[2, :2] - hips[:2, :2].mean(0)) < size


@pytest.fixture(scope='module')
def tool():
    spec = importlib.util.spec_from_file_location('make_synthetic', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tool_refuses_wrong_arguments(tool, tmp_path, capsys):
    for arguments in (['pose', '--shard', '2/2'], ['pose', '--size', 'huge'], ['mess']):
        with pytest.raises(SystemExit):
            tool.main(arguments)
    (tmp_path / 'file').write_text('')
    assert tool.main(['pose', '--out', str(tmp_path), '--force']) == 2
    assert 'not synthetic data' in capsys.readouterr().err


@pytest.mark.slow
def test_killed_and_interrupted_runs_continue(tool, tmp_path, capsys, interruptible):
    out = tmp_path / 'out'
    arguments = ['pretrain', '--size', 'tiny', '--out', str(out), '--workers']

    def start_and_signal(number, workers):
        before = len(list(out.rglob('*.jpg')))
        process = subprocess.Popen(
            [sys.executable, str(TOOL), *arguments, workers],
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            preexec_fn=interruptible,
        )
        deadline = time.monotonic() + 240
        while len(list(out.rglob('*.jpg'))) <= before and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, number)
        return process.wait(timeout=60), process.stderr.read()

    assert start_and_signal(signal.SIGKILL, '0')[0] == -signal.SIGKILL
    status, message = start_and_signal(signal.SIGINT, '1')
    assert status == 130
    assert message.strip() == 'stopped; run the same command to continue'
    assert tool.main([*arguments, '0']) == 0
    assert 'kept 0' not in capsys.readouterr().out
    assert tool.main([*arguments, '0']) == 0
    assert 'complete, nothing to do' in capsys.readouterr().out

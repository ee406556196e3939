"""VIBE and its adaptation from the command line, on small generated videos."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

import mmpose_ext
from mmpose_ext.apis.video_converters import (
    AMASSConverter,
    MPIInf3DHPConverter,
    PennActionConverter,
    PW3DConverter,
    VideoConverter,
    convert_videos,
)
from mmpose_ext.datasets.datasets.video import FeatureManifest, rows_crc32, write_clip_file
from mmpose_ext.synthetic.generate import Generation
from mmpose_ext.synthetic.video_plan import video_plan

FRAMES, CHANNELS = 6, 24
TIMEOUT_S = 1800
SMALL = dict(seq_len=FRAMES, feature_channels=CHANNELS, in_channels=CHANNELS, hidden_channels=16)


def converters(data: Path) -> dict[str, VideoConverter]:
    return {
        'mpi_inf_3dhp_train': MPIInf3DHPConverter(data / 'mpi_inf_3dhp', body_model='standin'),
        '3dpw_validation': PW3DConverter(data / '3DPW', 'validation', body_model='standin'),
        '3dpw_test': PW3DConverter(data / '3DPW', 'test', body_model='standin'),
        'penn_action_train': PennActionConverter(data / 'Penn_Action', min_visible=2),
        'amass': AMASSConverter(data / 'amass'),
    }


@pytest.fixture(scope='session')
def video_project(tmp_path_factory) -> Path:
    """A folder with videos, clip files and random features where the configs look for them."""
    folder = tmp_path_factory.mktemp('videos')
    data = folder / 'data' / 'synthetic_video'
    list(Generation(video_plan('tiny'), data, 0).run(0, (0, 1)))
    random = np.random.default_rng(0)
    for name, converter in converters(data).items():
        clips, _ = convert_videos(converter)
        out = data / 'clips' / f'{name}.npz'
        write_clip_file(out, clips)
        if name == 'amass':
            continue
        features = data / 'features' / f'{name}.npy'
        features.parent.mkdir(exist_ok=True)
        np.save(features, random.standard_normal((len(clips), CHANNELS)).astype(np.float32))
        FeatureManifest(
            ann_file=out.name,
            ann_crc32=rows_crc32(clips.video_id, clips.frame_idx),
            rows=len(clips),
            channels=CHANNELS,
            backbone='image_hmr_synthetic',
            checkpoint='none',
            checkpoint_crc32=0,
            crop_scale=1.2,
            input_size=96,
        ).write(features)
    return folder


@pytest.fixture
def small(tmp_path) -> Callable[..., Path]:
    """Write a shipped config with few and narrow layers, short clips and small batches."""

    def write(name: str, **changes: object) -> Path:
        config = Config.fromfile(mmpose_ext.cfg(f'fewshot/{name}.py'))
        shrink(config._cfg_dict)
        config.model.head.init_cfg = None
        config.merge_from_dict(changes)
        path = tmp_path / f'{name}.py'
        config.dump(path)
        return path

    return write


def shrink(node: object) -> None:
    if isinstance(node, dict):
        for name, child in node.items():
            if name in SMALL and not str(node.get('type')).endswith('MotionDiscriminator'):
                node[name] = SMALL[name]
            elif name == 'batch_size':
                node[name] = 2
            shrink(child)
    elif isinstance(node, (list, tuple)):
        for child in node:
            shrink(child)


def leaves(node: object) -> list:
    if isinstance(node, dict):
        return [leaf for name, child in node.items() for leaf in (name, *leaves(child))]
    if isinstance(node, (list, tuple)):
        return [leaf for child in node for leaf in leaves(child)]
    return [node.numpy().tobytes() if isinstance(node, torch.Tensor) else node]


@pytest.mark.slow
def test_vibe_resumes_on_two_processes_and_is_adapted(
    video_project, small, tmp_path, run_command, repository
):
    """Stopped after 3 of 5 steps, in the middle of all streams, and as if it had not been."""
    train = ('bash', repository / 'tools' / 'dist_train.sh')
    config = small('vibe_synthetic', **{'train_cfg.max_iters': 5, 'train_cfg.val_interval': 5})
    here = dict(cwd=video_project, timeout=TIMEOUT_S)
    folders = {name: tmp_path / name for name in ('whole', 'stopped')}
    run_command(*train, config, '2', '--work-dir', folders['whole'], **here)
    again = (*train, config, '2', '--work-dir', folders['stopped'])
    stop = ('--no-validate', '--cfg-options', 'train_cfg.max_iters=3')
    run_command(*again, *stop, **here)
    result = run_command(*again, '--resume', **here)
    assert 'iter: 3' in result.stdout + result.stderr
    assert 'had the streams' not in result.stdout + result.stderr

    whole, resumed = (torch.load(folder / 'iter_5.pth') for folder in folders.values())
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert leaves(resumed[part]) == leaves(whole[part]), part
    before = torch.load(folders['stopped'] / 'iter_3.pth')['state_dict']
    moved = {
        name.split('.')[0]
        for name, value in whole['state_dict'].items()
        if not torch.equal(value, before[name])
    }
    assert moved == {'encoder', 'head', 'discriminator'}

    check_adaptation(video_project, small, folders['whole'] / 'iter_5.pth', run_command, repository)


def check_adaptation(project, small, source, run_command, repository):
    work_dir, manifest = source.parent / 'adapted', source.parent / 'shots.json'
    config = small(
        'adapt_metric_synthetic',
        **{
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 1,
            'model.init_cfg.checkpoint': str(source),
            'train_cfg.extra_dataloaders.target.dataset.k': 1,
            'val_dataloader.dataset.k': 1,
            'train_cfg.extra_dataloaders.target.dataset.manifest': str(manifest),
            'val_dataloader.dataset.manifest': str(manifest),
        },
    )
    tools, here = repository / 'tools', dict(cwd=project, timeout=TIMEOUT_S)
    run_command('python', tools / 'train.py', config, '--work-dir', work_dir, **here)
    assert len(json.loads(manifest.read_text())['clips']) == 1
    (best,) = work_dir.glob('best_all_PA-MPJPE_iter_*.pth')
    out = work_dir / 'metrics.json'
    run_command('python', tools / 'test.py', config, best, '--out', out, **here)
    metrics = json.loads(out.read_text())
    assert {'all/MPJPE', 'all/PA-MPJPE', 'all/PVE', 'all/ACCEL', 'all/ACCEL-ERR'} <= set(metrics)
    assert all(np.isfinite(list(metrics.values())))

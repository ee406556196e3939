"""Training on two processes, with a discriminator and without one."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

SGD = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-5))
FAST = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-2))
GAN = dict(constructor='mmpose_ext.GANOptimWrapperConstructor', generator=SGD, discriminator=FAST)

PROCESS = """
import sys
import torch
import torch.distributed as dist
import mmpose_ext
from mmengine.model import MMDistributedDataParallel, MMSeparateDistributedDataParallel
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner.checkpoint import get_state_dict
from mmpose_ext.registry import MODELS

rank, folder = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
init_default_scope('mmpose')
dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
states = {}
for name, case in torch.load(f'{folder}/cases.pth', weights_only=False).items():
    model = MODELS.build(case['config'])
    model.load_state_dict(case['state'])
    if name == 'adversarial':
        wrapped = MMDistributedDataParallel(MODELS.build(case['config']))
        try:
            build_optim_wrapper(wrapped, case['optimizer'])
        except ValueError as error:
            assert 'MMSeparateDistributedDataParallel' in str(error)
        else:
            raise SystemExit('a model that is wrapped as one was accepted')
        model = MMSeparateDistributedDataParallel(model)
    else:
        model = MMDistributedDataParallel(model, broadcast_buffers=False)
    optimizers = build_optim_wrapper(model, case['optimizer'])
    for step in case['steps']:
        model.train_step(step[rank], optimizers)
    # As the runner writes checkpoints.
    states[name] = get_state_dict(model)
torch.save(states, f'{folder}/states{rank}.pth')
dist.destroy_process_group()
"""


def half(stream: dict, rank: int) -> dict:
    """The clips of a stream that one of two processes has."""
    size = len(next(iter(stream['inputs'].values()))) // 2
    rows = slice(rank * size, (rank + 1) * size)
    part = dict(inputs={name: values[rows] for name, values in stream['inputs'].items()})
    if 'data_samples' in stream:
        part['data_samples'] = stream['data_samples'][rows]
    return part


def streams_of(video, seed: int, adversarial: bool) -> dict:
    """Data of one step; the first process has fewer labels than the second."""
    streams = dict(kp3d=video.stream(4, seed=seed), kp2d=video.stream(2, seed=seed + 10))
    streams['kp3d']['data_samples'][0].gt_instances.joints_valid[:] = 0
    streams['kp3d']['data_samples'][1].gt_instances.smpl_valid[1:] = 0
    if adversarial:
        streams['motion'] = video.motion(6, seed=seed)
    return streams


@pytest.mark.slow
def test_two_processes_train_as_one_with_all_clips(video, tmp_path: Path) -> None:
    """Weights after some steps are those of one process, which saw all clips."""
    init_default_scope('mmpose')
    models, steps, cases = {}, {}, {}
    for name, optimizer in dict(adversarial=GAN, supervised=SGD).items():
        adversarial = name == 'adversarial'
        options = dict(discriminator=video.discriminator()) if adversarial else {}
        models[name] = video.build(**options)
        steps[name] = [streams_of(video, seed, adversarial) for seed in range(3)]
        cases[name] = dict(
            config=video.config(**options),
            state=models[name].state_dict(),
            optimizer=optimizer,
            steps=[
                [{key: half(own, rank) for key, own in streams.items()} for rank in range(2)]
                for streams in steps[name]
            ],
        )
    torch.save(cases, tmp_path / 'cases.pth')
    processes = [
        subprocess.Popen(
            [sys.executable, '-c', PROCESS, str(rank), str(tmp_path)], stderr=subprocess.PIPE
        )
        for rank in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors.decode()[-3000:]
    first, second = (torch.load(tmp_path / f'states{rank}.pth') for rank in range(2))

    for name, model in models.items():
        before = {key: value.clone() for key, value in model.state_dict().items()}
        optimizers = build_optim_wrapper(model, cases[name]['optimizer'])
        for streams in steps[name]:
            model.train_step(streams, optimizers)
        assert first[name].keys() == second[name].keys() == before.keys()
        for key, value in model.state_dict().items():
            assert torch.equal(first[name][key], second[name][key]), key
            moved = (value - before[key]).abs().max()
            difference = (first[name][key] - value).abs().max()
            assert difference <= 1e-3 * moved + 1e-7, (key, difference, moved)
        parts = {key.split('.')[0] for key in before if not before[key].equal(first[name][key])}
        assert parts == {'encoder', 'head', *(['discriminator'] if name == 'adversarial' else [])}

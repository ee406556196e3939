import json
import os
import socket

import numpy as np
import torch.multiprocessing
from mmengine.dist import init_dist

from mmpose_ext.evaluation import SourceRoutedEvaluator


def free_port():
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


def evaluator(ann_file):
    return SourceRoutedEvaluator(
        dict(
            coco=dict(
                source='coco', metric=dict(type='mmpose_ext.UnionCocoMetric', ann_file=ann_file)
            ),
            mpii=dict(source='mpii', metric=dict(type='mmpose_ext.UnionMpiiMetric')),
            stock=dict(source='mpii', metric=dict(type='MpiiPCKAccuracy')),
        ),
        averages=dict(coco_mpii=['coco/AP', 'mpii/PCK']),
        skeleton='mpii16',
    )


def as_rank(rank, world, port, folder, ann_file, samples):
    """Evaluate this rank's share, padded as DefaultSampler pads it."""
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(world),
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(port),
    )
    os.chdir(folder)
    torch.set_num_threads(1)
    init_dist('pytorch', backend='gloo')
    rounds = -(-len(samples) // world)
    padded = (samples * 2)[: rounds * world]
    routed = evaluator(ann_file)
    for sample in padded[rank::world]:
        routed.process([sample])
    results = routed.evaluate(len(samples))
    with open(f'{folder}/{rank}.json', 'w') as file:
        json.dump({key: float(value) for key, value in results.items()}, file)


def test_two_processes_give_the_numbers_of_one(pose_file, mpii_samples, tmp_path):
    people = pose_file('coco17')
    samples = [*mpii_samples(9, model='mpii16', noise=6), *people.samples('mpii16', noise=6)]
    samples = samples[: len(samples) - (len(samples) + 1) % 2]  # an odd number, so that one repeats
    alone = evaluator(people.path)
    for sample in samples:
        alone.process([sample])
    expected = alone.evaluate(len(samples))
    arguments = (2, free_port(), str(tmp_path), people.path, samples)
    torch.multiprocessing.start_processes(as_rank, arguments, nprocs=2, start_method='fork')
    for rank in range(2):
        results = json.loads((tmp_path / f'{rank}.json').read_text())
        assert results.keys() == expected.keys()
        np.testing.assert_allclose(list(results.values()), list(expected.values()), rtol=1e-6)

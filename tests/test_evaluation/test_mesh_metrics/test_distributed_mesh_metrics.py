import json
import os
import socket

import numpy as np
import torch.multiprocessing
from mmengine.dist import init_dist

from mmpose_ext.evaluation import MeshMetric, ProjectedPCKhMetric
from mmpose_ext.skeletons import SUPERSET30


def free_port():
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


def metrics():
    return MeshMetric('standin', gender='neutral'), ProjectedPCKhMetric()


def as_rank(rank, world, port, folder, samples):
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
    results = {}
    for metric in metrics():
        metric.process(None, padded[rank::world])
        results |= metric.evaluate(len(samples))
    with open(f'{folder}/{rank}.json', 'w') as file:
        json.dump(results, file)


def test_two_processes_give_the_numbers_of_one(make_person, tmp_path):
    # An odd number, so that one sample repeats; one subset and one person without labels.
    samples = [make_person(i, subsets=('crowd',) if i % 3 else ()) for i in range(7)]
    samples[4]['gt_instances']['smpl_valid'][:] = 0
    for sample in samples:
        shape = (1, SUPERSET30.num_keypoints, 2)
        labels = np.random.default_rng(sample['id']).normal(0, 8, shape)
        labels += sample['pred_instances']['keypoints']
        sample['gt_instances']['keypoints'] = labels * 0.5 - [50, 25]
        sample['gt_instances']['keypoints_visible'][:] = 1
    expected = {}
    for metric in metrics():
        metric.process(None, samples)
        expected |= metric.evaluate(len(samples))
    arguments = (2, free_port(), str(tmp_path), samples)
    torch.multiprocessing.start_processes(as_rank, arguments, nprocs=2, start_method='fork')
    for rank in range(2):
        results = json.loads((tmp_path / f'{rank}.json').read_text())
        assert results.keys() == expected.keys()
        np.testing.assert_allclose(list(results.values()), list(expected.values()), rtol=1e-6)
    assert 0 < expected['projected/mPCKh@0.6'] < 100
    assert expected['crowd/MPJPE'] != expected['all/MPJPE']

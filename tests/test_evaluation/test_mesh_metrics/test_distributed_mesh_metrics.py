import json
import os
import socket

import numpy as np
import pytest
import torch.multiprocessing
from mmengine.dist import init_dist

from mmpose_ext.evaluation import MeshMetric, ProjectedPCKhMetric, VideoMeshMetric
from mmpose_ext.skeletons import SUPERSET30


def free_port():
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


def metrics():
    return MeshMetric('standin', gender='neutral'), ProjectedPCKhMetric()


def video_metrics():
    for protocol in ('standard', 'vibe'):
        yield VideoMeshMetric('standin', protocol, gt_gender='neutral', prefix=protocol)


def as_rank(rank, world, port, folder, samples, metrics):
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
    arguments = (2, free_port(), str(tmp_path), samples, metrics)
    torch.multiprocessing.start_processes(as_rank, arguments, nprocs=2, start_method='fork')
    for rank in range(2):
        results = json.loads((tmp_path / f'{rank}.json').read_text())
        assert results.keys() == expected.keys()
        np.testing.assert_allclose(list(results.values()), list(expected.values()), rtol=1e-6)
    assert 0 < expected['projected/mPCKh@0.6'] < 100
    assert expected['crowd/MPJPE'] != expected['all/MPJPE']


def clip_samples(predicted_body):
    """A track of eleven frames in three clips, the last of which repeats one, and two of four."""
    for number, (video, start, unscored) in enumerate(
        [('a', 0, 0), ('a', 4, 0), ('a', 7, 1), ('b', 0, 0), ('b', 4, 0)]
    ):
        frames, predictions, poses = np.arange(start, start + 4), [], []
        for frame in frames:
            random = np.random.default_rng([ord(video), frame])
            pose = np.r_[np.pi, random.normal(0, 0.2, 71)].reshape(24, 3).astype(np.float32)
            predictions.append(predicted_body(pose, np.zeros(10, np.float32)))
            poses.append(pose + random.normal(0, 0.1, (24, 3)).astype(np.float32))
        yield dict(
            id=4 * number,
            source='synthetic',
            video_id=video,
            frame_ids=frames,
            fps=25.0,
            domain='studio' if video == 'a' else 'wild',
            gt_instances=dict(
                smpl_pose=np.stack(poses),
                smpl_betas=np.zeros((4, 10), np.float32),
                scored=np.arange(4) >= unscored,
            ),
            pred_instances={
                key: np.concatenate([one[key] for one in predictions])
                for key in ('vertices', 'smpl_pose', 'smpl_betas')
            },
        )


def test_clips_on_two_processes_give_the_numbers_of_one(predicted_body, tmp_path):
    samples = list(clip_samples(predicted_body))
    expected = {}
    for metric in video_metrics():
        metric.process(None, samples)
        expected |= metric.evaluate(len(samples))
    arguments = (2, free_port(), str(tmp_path), samples, video_metrics)
    torch.multiprocessing.start_processes(as_rank, arguments, nprocs=2, start_method='fork')
    for rank in range(2):
        results = json.loads((tmp_path / f'{rank}.json').read_text())
        assert results.keys() == expected.keys()
        np.testing.assert_allclose(list(results.values()), list(expected.values()), rtol=1e-6)
    assert expected['standard/all/ACCEL'] != expected['vibe/all/ACCEL']
    # All of one track in whole clips: there is no border to cross and no tail to leave out.
    assert expected['standard/wild/ACCEL'] == pytest.approx(expected['vibe/wild/ACCEL'])

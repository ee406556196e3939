"""Mesh errors: the batched metric against a loop over people, and the memory it keeps.

The loop does what 3DCrowdNet's and SEFD's evaluations do for each person: both meshes in
millimetres, their products with Human3.6M's regressor and with that of the 30 joints, of which the
first is the pelvis, one singular value decomposition, one distance per vertex.
"""

import argparse
import resource
import tracemalloc

import numpy as np
import torch
from _harness import compare
from mmengine.logging import MMLogger

from mmpose_ext.body_models import SMPLLayer, load_body_model, regressor, superset_regressor
from mmpose_ext.evaluation import MeshMetric
from mmpose_ext.geometry import axis_angle_to_matrix

# The columns of the 14 evaluated joints in Human3.6M's regressor.
JOINTS = [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10]
WHOLE = 35_000


def people(count: int, seed: int = 0) -> list[dict]:
    """Samples of random people, predicted a little wrong."""
    random = np.random.default_rng(seed)
    body = load_body_model('standin')
    samples = []
    for number in range(count):
        pose = random.normal(0, 0.3, (24, 3)).astype(np.float32)
        betas = random.normal(0, 1, 10).astype(np.float32)
        vertices, _ = body.skin(betas, pose + random.normal(0, 0.1, pose.shape))
        samples.append(
            dict(
                id=number,
                img_path=f'{number}.jpg',
                bbox_source='gt',
                gender=('male', 'female')[number % 2],
                gt_instances=dict(smpl_pose=pose[None], smpl_betas=betas[None]),
                pred_instances=dict(vertices=vertices[None]),
            )
        )
    return samples


class Loop:
    """One person at a time."""

    def __init__(self) -> None:
        body = load_body_model('standin')
        self.joints, self.superset = regressor(body, 'h36m17'), superset_regressor(body)
        self.layers = {gender: SMPLLayer('standin', gender) for gender in ('male', 'female')}

    @torch.no_grad()
    def pose(self, sample: dict) -> np.ndarray:
        labels = sample['gt_instances']
        rotations = torch.from_numpy(axis_angle_to_matrix(labels['smpl_pose']))
        betas = torch.from_numpy(labels['smpl_betas'])
        return self.layers[sample['gender']](rotations, betas).vertices[0].numpy()

    def errors(self, predicted: np.ndarray, target: np.ndarray) -> tuple[float, float, float]:
        predicted, target = 1000 * predicted, 1000 * target
        joints, wanted = self.joints @ predicted, self.joints @ target
        joints, wanted = (joints - joints[0])[JOINTS], (wanted - wanted[0])[JOINTS]
        predicted -= (self.superset @ predicted)[0]
        target -= (self.superset @ target)[0]
        pairs = ((joints, wanted), (self.align(joints, wanted), wanted), (predicted, target))
        return tuple(np.sqrt(((a - b) ** 2).sum(1)).mean() for a, b in pairs)

    @staticmethod
    def align(source: np.ndarray, target: np.ndarray) -> np.ndarray:
        centred, wanted = source - source.mean(0), target - target.mean(0)
        left, values, right = np.linalg.svd(wanted.T @ centred)
        if np.linalg.det(left @ right) < 0:
            left[:, -1], values[-1] = -left[:, -1], -values[-1]
        return values.sum() / (centred**2).sum() * centred @ (left @ right).T + target.mean(0)


def batches(items: list | np.ndarray, size: int) -> list:
    return [items[i : i + size] for i in range(0, len(items), size)]


def report_memory(metric: MeshMetric, samples: list[dict], batch: int) -> None:
    """Print what is kept and what is used at most, after two different numbers of frames."""
    parts = batches(samples, batch)
    metric.process(None, parts[0])
    mesh = samples[0]['pred_instances']['vertices'].nbytes
    for rounds in (1, 4):
        metric.results.clear()
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        tracemalloc.start()
        for part in parts * rounds:
            metric.process(None, part)
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident
        frames = rounds * len(samples)
        print(
            f'memory after {frames} frames (meshes of {2 * frames * mesh / 2**20:.0f} MiB): '
            f'{kept / frames:.0f} bytes kept per frame, {kept / frames * WHOLE / 2**20:.1f} MiB '
            f'for {WHOLE}; peak {peak / 2**20:.1f} MiB; the process grew by '
            f'{grown / 2**10:.1f} MiB'
        )
    metric.results.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--frames', type=int, default=512)
    parser.add_argument('--batch', type=int, default=64)
    parser.add_argument('--repeats', type=int, default=9)
    args = parser.parse_args()
    torch.set_num_threads(1)
    MMLogger.get_current_instance().setLevel('WARNING')
    metric, loop = MeshMetric('standin'), Loop()
    samples = people(args.frames)
    predicted = np.concatenate([sample['pred_instances']['vertices'] for sample in samples])
    target = np.stack([loop.pose(sample) for sample in samples])

    report_memory(metric, samples, args.batch)
    pairs = list(zip(batches(predicted, args.batch), batches(target, args.batch)))
    ours = np.concatenate([metric.errors(*pair) for pair in pairs])
    peer = np.array([loop.errors(*pair) for pair in zip(predicted, target)])
    print(f'largest difference between the two: {np.abs(ours - peer).max():.1e} mm')
    result = compare(
        'mesh_metric_errors',
        ours=lambda: [metric.errors(*pair) for pair in pairs],
        peer=lambda: [loop.errors(*pair) for pair in zip(predicted, target)],
        target='>= 20 x peer',
        repeats=args.repeats,
        items=args.frames,
    )
    seconds = {side: round(WHOLE / result[side], 1) for side in ('ours', 'peer')}
    print(f'seconds for {WHOLE} frames: {seconds}')

    def process() -> None:
        metric.results.clear()
        for part in batches(samples, args.batch):
            metric.process(None, part)

    compare(
        'mesh_metric_with_ground_truth_bodies',
        ours=process,
        peer=lambda: [
            loop.errors(sample['pred_instances']['vertices'][0], loop.pose(sample))
            for sample in samples
        ],
        target='report',
        repeats=max(args.repeats // 3, 1),
        items=args.frames,
    )


if __name__ == '__main__':
    main()

"""The in-batch metric loss against a loop over its triplets, and how its memory grows.

The loop is eq. 2 as one would write it down: for every anchor the distances to all frames, then one
Huber penalty for every positive and every negative, summed, and one backward. It runs on
``--anchors`` of the anchors, and its time is scaled to all of them. A second peer makes the tensor
of all pairs of an anchor's positives and negatives at once, as a vectorized implementation would.
"""

import argparse
import math
import multiprocessing
import resource
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from _harness import compare, report
from torch import Tensor

import mmpose_ext  # noqa: F401
from mmpose_ext.models.losses import InBatchTripletMetricLoss

SKIP, EPS = 3, 1e-3
PEER = 'all pairs at once'


def batch(clips: int, frames: int, channels: int, seed: int = 0) -> dict:
    """Random features and labels; the anchors are fixed, so that all sides do the same work."""
    generator = torch.Generator().manual_seed(seed)
    return dict(
        features=torch.randn(clips, frames, channels, generator=generator).requires_grad_(),
        labels=torch.randn(clips, frames, 14, 3, generator=generator),
        valid=torch.ones(clips, frames, dtype=torch.bool),
        video_ids=torch.arange(clips),
        anchors=torch.randint(frames, (clips,), generator=generator),
    )


def log_distances(values: Tensor, clip: int, frame: int) -> Tensor:
    values = values.flatten(2)
    squares = (values - values[clip, frame]).square().mean(dim=-1)
    return (squares + EPS**2).sqrt().log()


def groups(data: dict, clip: int) -> tuple[Tensor, Tensor]:
    """``u`` of an anchor's positives and of its negatives."""
    frame = int(data['anchors'][clip])
    u = log_distances(data['features'], clip, frame) - log_distances(data['labels'], clip, frame)
    far = (torch.arange(u.shape[1]) - frame).abs() > SKIP
    return u[clip, far], torch.cat([u[:clip], u[clip + 1 :]]).flatten()


def loop(data: dict, anchors: int) -> Tensor:
    """One triplet after the other, for the first anchors."""
    total = 0
    for clip in range(anchors):
        positives, negatives = groups(data, clip)
        penalties = 0
        for i in positives:
            for j in negatives:
                d = i - j
                penalties = penalties + (d * d / 2 if d.abs() < 1 else d.abs() - 0.5)
        total = total + penalties / (len(positives) * len(negatives))
    return total / anchors


def vectorized(data: dict) -> Tensor:
    """All pairs of an anchor at once."""
    clips = len(data['features'])
    total = 0
    for clip in range(clips):
        positives, negatives = groups(data, clip)
        d = positives[:, None] - negatives
        total = total + F.huber_loss(d, torch.zeros_like(d))
    return total / clips


def step(data: dict, value: Tensor) -> float:
    data['features'].grad = None
    value.backward()
    return float(value.detach())


def grown_memory(sizes: list[int], frames: int, side: str) -> list[float]:
    """MiB by which a new process's peak grows with one forward and backward, smallest B first."""
    context = multiprocessing.get_context('spawn')
    with context.Pool(1) as pool:
        return pool.apply(_measure, (sizes, frames, side))


def _measure(sizes: list[int], frames: int, side: str) -> list[float]:
    torch.set_num_threads(1)
    loss = InBatchTripletMetricLoss(form='log_ratio' if side == PEER else side)
    grown = []
    # The first only loads what the others use.
    for clips in (sizes[0] // 4, *sizes):
        data = batch(clips, frames, 32)
        pages = int(Path('/proc/self/statm').read_text().split()[1])
        step(data, vectorized(data) if side == PEER else loss(**data))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        grown.append(peak - pages * resource.getpagesize() / 2**20)
    return grown[1:]


def report_memory(frames: int, sizes: list[int]) -> None:
    """Print peaks, and by which power of B each grows from size to size."""
    for side in ('log_ratio', 'thesis', PEER):
        grown = grown_memory(sizes, frames, side)
        listed = ', '.join(f'B={clips}: {mib:.0f} MiB' for clips, mib in zip(sizes, grown))
        powers = ', '.join(
            f'{math.log(last / first) / math.log(large / small):.1f}'
            for small, large, first, last in zip(sizes, sizes[1:], grown, grown[1:])
        )
        print(f'memory, {side}, T={frames} C=32, beyond the inputs: {listed}; powers {powers}')
    matrices = ', '.join(f'B={clips}: {clips**2 * frames / 2**18:.2g} MiB' for clips in sizes)
    print(f'one matrix of B x B T: {matrices}')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--clips', type=int, default=32)
    parser.add_argument('--frames', type=int, default=16)
    parser.add_argument('--channels', type=int, default=2048)
    parser.add_argument('--anchors', type=int, default=1, help='anchors the loop visits')
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--memory', type=int, nargs='*', default=[64, 128, 256], metavar='B')
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.memory:
        report_memory(args.frames, sorted(args.memory))

    data = batch(args.clips, args.frames, args.channels)
    loss = InBatchTripletMetricLoss()
    ours, peer = step(data, loss(**data)), step(data, vectorized(data))
    print(f'loss: ours {ours:.6f}, {PEER} {peer:.6f}')
    compare(
        'metric_loss_vs_all_pairs_at_once',
        ours=lambda: step(data, loss(**data)),
        peer=lambda: step(data, vectorized(data)),
        target='report',
        repeats=args.repeats,
    )
    seconds: dict[str, list[float]] = dict(ours=[], peer=[])
    for call in range(args.repeats + 1):
        for side in sorted(seconds, reverse=call % 2 == 1):
            start = time.perf_counter()
            step(data, loss(**data) if side == 'ours' else loop(data, args.anchors))
            seconds[side].append(time.perf_counter() - start)
    positives = [len(groups(data, clip)[0]) for clip in range(args.clips)]
    scale = sum(positives) / sum(positives[: args.anchors])
    print(
        f'the loop visits {args.anchors} of {args.clips} anchors; '
        f'its time is scaled by {scale:.2f}, the share of the triplets'
    )
    ours, peer = ([1e3 * second for second in seconds[side][1:]] for side in ('ours', 'peer'))
    peer = [scale * milliseconds for milliseconds in peer]
    report('metric_loss', ours, peer, target='<= 1 / 30 of peer', unit='ms')


if __name__ == '__main__':
    main()

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmpose_ext.models.losses.metric_loss import MetricLoss, check_choice
from mmpose_ext.models.losses.metric_penalties import (
    at_least_float,
    label_distances,
    log_distances,
    log_rms,
    log_rms_distances,
)
from mmpose_ext.registry import MODELS

STRATEGIES = ('exclude_nearby', 'include_nearby', 'both')


@MODELS.register_module()
class InBatchTripletMetricLoss(MetricLoss):
    """Metric loss between the frames of a batch of clips.

    "Few-shot Domain Adaptation for 3D Human Pose and Shape Estimation" (UNIST, 2021), section 3.3,
    with sound forms beside the printed one. One frame of each clip, drawn at random, is its anchor;
    positives are frames of its clip, negatives all frames of other clips. For T = 16 and
    ``skip_step=3`` an anchor in the middle has these positives, one at a border those in brackets:

    ==================  ==============================  =======
    strategy            positives                       number
    ==================  ==============================  =======
    ``exclude_nearby``  more than ``skip_step`` away    9 (12)
    ``include_nearby``  up to ``skip_step`` away        6 (3)
    ``both``            all but the anchor              15 (15)
    ==================  ==============================  =======

    The thesis's table and the text of its section 3.3 give these names to opposite sets; this is
    the table's. Frames of the clip that are not positives take no part. Memory is O(B^2 T) beside
    the features.

    Args:
        strategy: See above.
        skip_step: Frames about the anchor that count as nearby.
        negative_scope: ``'video'``: clips of the anchor's own video, which may overlap its clip,
            are no negatives; ``'clip'``: they are, as published.
        options: Arguments of :class:`MetricLoss`.

    Raises:
        ValueError: If an option is unknown or out of range.
    """

    def __init__(
        self,
        strategy: str = 'exclude_nearby',
        skip_step: int = 3,
        negative_scope: str = 'video',
        **options: Any,
    ) -> None:
        super().__init__(**options)
        check_choice('strategy', strategy, STRATEGIES)
        check_choice('negative_scope', negative_scope, ('video', 'clip'))
        if skip_step < 0:
            raise ValueError(f'skip_step got {skip_step!r}, expected at least 0')
        self.strategy = strategy
        self.skip_step = skip_step
        self.negative_scope = negative_scope

    def forward(
        self,
        features: Tensor,
        labels: Tensor,
        valid: Tensor,
        video_ids: Tensor | Sequence[str],
        anchors: Tensor | None = None,
    ) -> Tensor:
        """Compare the frames of a batch.

        Args:
            features: ``(B, T, C)``, or any dimensions instead of C.
            labels: Joints relative to the root, in metres, ``(B, T, K, 3)``; may hold anything
                where they are not valid.
            valid: Which frames have labels, ``(B, T)``; others are neither anchors nor positives
                nor negatives.
            video_ids: Of each clip the video it is from, numbers ``(B,)`` or names.
            anchors: Number of the anchor's frame in each clip, ``(B,)``; drawn from the valid
                frames by default.

        Returns:
            A scalar; zero, with a zero gradient, if there are no positives or no negatives.

        Raises:
            ValueError: If shapes do not fit.
        """
        clips, frames = features.shape[:2]
        valid = valid.bool()
        for name, value, shape in (
            ('labels', tuple(labels.shape[:2]), (clips, frames)),
            ('valid', tuple(valid.shape), (clips, frames)),
            ('video_ids', (len(video_ids),), (clips,)),
        ):
            if value != shape:
                raise ValueError(f'{name} got {value!r}, expected {shape!r} as features have')
        anchors = draw_anchors(valid) if anchors is None else anchors
        index = torch.arange(clips, device=valid.device), anchors
        has_anchor = valid[index][:, None]
        positives = positive_mask(anchors, frames, self.strategy, self.skip_step)
        negatives = self._negatives(video_ids, valid)
        with torch.autocast(features.device.type, enabled=False):
            features = at_least_float(features).flatten(2)
            labels = labels.to(features.dtype).masked_fill(~valid[..., None, None], 0).flatten(2)
            anchor, label = features[index], labels[index]
            if self.detach_anchor:
                anchor = anchor.detach()
            own = label_distances(label[:, None], labels)[:, 0]
            cross = label_distances(label, labels.flatten(0, 1))
            return self.reduce(
                features=(
                    log_rms(features - anchor[:, None], self.eps_f),
                    log_rms_distances(anchor, features.flatten(0, 1), self.eps_f),
                ),
                labels=(log_distances(own, self.eps_y), log_distances(cross, self.eps_y)),
                masks=(positives & valid & has_anchor, negatives & has_anchor),
            )

    def _negatives(self, video_ids: Tensor | Sequence[str], valid: Tensor) -> Tensor:
        """``(B, B T)``."""
        clips = torch.arange(len(valid), device=valid.device)
        other = clips[:, None] != clips
        if self.negative_scope == 'video':
            ids = _as_numbers(video_ids, valid.device)
            other &= ids[:, None] != ids
        return (other[..., None] & valid).flatten(1)


def draw_anchors(valid: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Draw one of the valid frames of each clip, all with the same probability.

    Args:
        valid: ``(B, T)``.
        generator: What to draw from, on the device of ``valid``.

    Returns:
        Their numbers ``(B,)``; 0 where no frame is valid.
    """
    draws = torch.rand(valid.shape, device=valid.device, generator=generator)
    return draws.masked_fill(~valid, -1).argmax(dim=1)


def positive_mask(anchors: Tensor, frames: int, strategy: str, skip_step: int) -> Tensor:
    """Which frames of a clip are positives of its anchor.

    Args:
        anchors: Number of the anchor's frame, ``(B,)``.
        frames: Length T of a clip.
        strategy: See :class:`InBatchTripletMetricLoss`.
        skip_step: See :class:`InBatchTripletMetricLoss`.

    Returns:
        ``(B, T)``.
    """
    distance = (torch.arange(frames, device=anchors.device) - anchors[:, None]).abs()
    if strategy == 'exclude_nearby':
        return distance > skip_step
    if strategy == 'include_nearby':
        return (distance > 0) & (distance <= skip_step)
    return distance > 0


def _as_numbers(video_ids: Tensor | Sequence[str], device: torch.device) -> Tensor:
    if isinstance(video_ids, Tensor):
        return video_ids.to(device)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(video_ids))}
    return torch.tensor([numbers[name] for name in video_ids], dtype=torch.long, device=device)

import math
from typing import Any

import torch
from torch import Tensor

from mmpose_ext.models.losses.metric_loss import MetricLoss
from mmpose_ext.models.losses.metric_penalties import (
    at_least_float,
    label_distances,
    log_distances,
    log_rms_distances,
)
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class CrossDomainMetricLoss(MetricLoss):
    """Metric loss between frames of a target domain and those of a source domain.

    Algorithm 1 of "Few-shot Domain Adaptation for 3D Human Pose and Shape Estimation" (UNIST,
    2021). The candidates whose labels are nearest to an anchor's are its positives, those whose
    labels are farthest its negatives, and those between take no part. Candidates at the same
    distance are ranked by their position.

    Args:
        pos_frac: Share of the candidates, rounded down but at least one, that are positives.
        neg_frac: Share that are negatives.
        max_label_dist: Positives whose joints are farther away than this, as a root mean square
            over joints in metres, are left out: the nearest of a small batch may be far. An anchor
            without positives takes no part.
        options: Arguments of :class:`MetricLoss`.

    Raises:
        ValueError: If an option is unknown or out of range.
    """

    def __init__(
        self,
        pos_frac: float = 0.3,
        neg_frac: float = 0.3,
        max_label_dist: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if min(pos_frac, neg_frac) <= 0 or pos_frac + neg_frac > 1:
            raise ValueError(
                f'pos_frac and neg_frac got {(pos_frac, neg_frac)!r}, expected more than 0 each, '
                'and at most 1 together'
            )
        self.pos_frac = pos_frac
        self.neg_frac = neg_frac
        self.max_label_dist = max_label_dist

    def forward(
        self,
        anchor_features: Tensor,
        anchor_labels: Tensor,
        candidate_features: Tensor,
        candidate_labels: Tensor,
    ) -> Tensor:
        """Compare anchors with candidates.

        Args:
            anchor_features: ``(A, C)``, or any dimensions instead of C.
            anchor_labels: Joints relative to the root, in metres, ``(A, K, 3)``.
            candidate_features: ``(M, C)``.
            candidate_labels: ``(M, K, 3)``.

        Returns:
            A scalar; zero, with a zero gradient, if there are no anchors or less than two
            candidates.

        Raises:
            ValueError: If the numbers of features and labels differ.
        """
        for name, features, labels in (
            ('anchor_labels', anchor_features, anchor_labels),
            ('candidate_labels', candidate_features, candidate_labels),
        ):
            if len(features) != len(labels):
                raise ValueError(f'{name} got {len(labels)}, expected {len(features)} of them')
        with torch.autocast(anchor_features.device.type, enabled=False):
            anchors = at_least_float(anchor_features.flatten(1))
            candidates = at_least_float(candidate_features.flatten(1))
            if self.detach_anchor:
                anchors = anchors.detach()
            distances = label_distances(
                anchor_labels.to(anchors.dtype).flatten(1),
                candidate_labels.to(anchors.dtype).flatten(1),
            )
            groups = self.neighbours(distances)
            logarithms = log_rms_distances(anchors, candidates, self.eps_f)
            ranked = [distances.gather(1, group) for group in groups]
            return self.reduce(
                features=tuple(logarithms.gather(1, group) for group in groups),
                labels=tuple(log_distances(each, self.eps_y) for each in ranked),
                masks=(self._near_enough(ranked[0]), torch.ones_like(groups[1], dtype=torch.bool)),
            )

    def neighbours(self, distances: Tensor) -> tuple[Tensor, Tensor]:
        """Choose positives and negatives.

        Args:
            distances: Of labels, ``(A, M)``.

        Returns:
            Numbers of the candidates that are positives, nearest first, and of those that are
            negatives, farthest last, ``(A, P)`` and ``(A, N)``; no candidate is both.
        """
        total = distances.shape[1]
        positives = min(_share(self.pos_frac, total), total)
        negatives = min(_share(self.neg_frac, total), total - positives)
        order = distances.argsort(dim=1, stable=True)
        return order[:, :positives], order[:, total - negatives :]

    def _near_enough(self, distances: Tensor) -> Tensor:
        if self.max_label_dist is None:
            return torch.ones_like(distances, dtype=torch.bool)
        # Root mean squares over coordinates are smaller than those over joints.
        return distances * math.sqrt(3) <= self.max_label_dist


def _share(fraction: float, total: int) -> int:
    # 0.29 * 100 is 28.999999999999996.
    return max(1, math.floor(fraction * total + 1e-9))

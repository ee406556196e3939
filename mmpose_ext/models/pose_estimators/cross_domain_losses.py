from collections.abc import Sequence

import torch
from mmpose.utils.typing import ConfigType
from torch import Tensor

from mmpose_ext.models.losses.in_batch_triplet_metric_loss import draw_anchors
from mmpose_ext.models.pose_estimators.clip_metric_losses import FEATURES, ClipMetricLosses
from mmpose_ext.models.video_batch import VideoMeshPrediction, VideoMeshTargets, centred_lsp14


class CrossDomainLosses(ClipMetricLosses):
    """Metric losses from frames of target clips to frames of source clips, on several features.

    Args:
        configs: Each ``dict(feature=..., loss=...)``, the feature as in :class:`ClipMetricLosses`,
            the loss one like :class:`CrossDomainMetricLoss`.
        candidate: ``'random_frame'``: of each source clip one frame may become a positive or
            negative, so that these are of different people; ``'all_frames'``: all.

    Raises:
        ValueError: If an option is unknown.
    """

    option = 'cross_domain_losses'

    def __init__(self, configs: Sequence[ConfigType], candidate: str) -> None:
        super().__init__(configs)
        if candidate not in ('random_frame', 'all_frames'):
            raise ValueError(
                f"candidate got {candidate!r}, expected 'random_frame' or 'all_frames'"
            )
        self.candidate = candidate

    def forward(
        self,
        prediction: VideoMeshPrediction,
        targets: VideoMeshTargets,
        target: slice,
        source: slice,
    ) -> dict[str, Tensor]:
        """Compare one random frame of each target clip with frames of source clips.

        Frames without 3D labels take no part.

        Args:
            prediction: Of B clips.
            targets: Theirs.
            target: Which of them are of the target domain.
            source: Which are of the source domain.

        Returns:
            ``loss_cross_domain_<feature>``, and its statistics as
            ``metric/cross_domain_<feature>_<name>``.
        """
        valid = targets.joints_valid > 0
        anchors = _in_batch(_one_per_clip(valid[target]), target)
        one = self.candidate == 'random_frame'
        frames = _one_per_clip(valid[source]) if one else valid[source].nonzero(as_tuple=True)
        candidates = _in_batch(frames, source)
        labels = centred_lsp14(targets.joints)
        results = {}
        for feature, loss in zip(self.features, self.losses):
            values = FEATURES[feature](prediction)
            results[f'loss_cross_domain_{feature}'] = loss(
                values[anchors], labels[anchors], values[candidates], labels[candidates]
            )
            for name, value in loss.statistics.items():
                results[f'metric/cross_domain_{feature}_{name}'] = value
        return results


def _one_per_clip(valid: Tensor) -> tuple[Tensor, Tensor]:
    """Clip and frame of one random valid frame of each clip that has any."""
    clips = valid.any(dim=1).nonzero()[:, 0]
    return clips, draw_anchors(valid)[clips]


def _in_batch(frames: tuple[Tensor, ...], clips: slice) -> tuple[Tensor, Tensor]:
    return torch.add(frames[0], clips.start), frames[1]

from collections.abc import Sequence
from typing import Any

import torch
from mmpose.utils.typing import ConfigType
from torch import Tensor

from mmpose_ext.models.pose_estimators.cross_domain_losses import CrossDomainLosses
from mmpose_ext.models.pose_estimators.video_mesh_estimator import ClipBatch, VideoMeshEstimator
from mmpose_ext.models.video_batch import select_clips
from mmpose_ext.registry import MODELS

_SOURCE, _TARGET = 'kp3d', 'target'


@MODELS.register_module()
class FewShotVideoMeshEstimator(VideoMeshEstimator):
    """A video mesh estimator that is adapted to a domain from a few labelled clips of it.

    Algorithm 1 of "Few-shot Domain Adaptation for 3D Human Pose and Shape Estimation" (UNIST,
    2021). Training data have a further stream ``target``, the shots, which go through the network
    together with the others. Frames of them are the anchors of cross-domain metric losses, frames
    of the stream ``kp3d`` their positives and negatives. Without shots, k = 0, there is no such
    stream, and this is a :class:`VideoMeshEstimator`, whose checkpoints it reads and writes.

    Args:
        cross_domain_losses: Each ``dict(feature=..., loss=...)``, see :class:`CrossDomainLosses`.
        candidate: Which frames of source clips are compared, see :class:`CrossDomainLosses`.
        metric_weight: Factor of all cross-domain losses; with 0 they are not computed.
        supervise_target: Whether the losses of :class:`VideoMeshEstimator` see the shots.
        supervise_source: Whether they see the other streams. With neither, cross-domain losses are
            all there is, as Algorithm 1 is printed.
        options: Arguments of :class:`VideoMeshEstimator`.

    Raises:
        ValueError: If an option is unknown, or there would be nothing to learn from.
    """

    def __init__(
        self,
        cross_domain_losses: Sequence[ConfigType] = (),
        candidate: str = 'random_frame',
        metric_weight: float = 1.0,
        supervise_target: bool = True,
        supervise_source: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if metric_weight < 0:
            raise ValueError(f'metric_weight got {metric_weight!r}, expected at least 0')
        self.cross_domain_losses = CrossDomainLosses(cross_domain_losses, candidate)
        self.metric_weight = metric_weight
        self.supervise_target = supervise_target
        self.supervise_source = supervise_source
        compares = metric_weight > 0 and len(cross_domain_losses) > 0
        if not (supervise_target or supervise_source or compares):
            raise ValueError(
                'supervise_target and supervise_source got False without cross_domain_losses that '
                'have a weight, expected something to learn from'
            )

    def generator_losses(self, batch: ClipBatch) -> dict[str, Tensor]:
        """Everything but the discriminator is trained with these.

        Args:
            batch: The clips.

        Returns:
            Those of :class:`VideoMeshEstimator` for the supervised streams, and
            ``loss_cross_domain_<feature>`` with their statistics if there are shots.

        Raises:
            ValueError: If there are shots to compare but no stream ``kp3d``, or nothing to learn
                from.
        """
        losses = {}
        supervised = self._supervised(batch)
        if supervised.video_ids:
            losses |= super().generator_losses(supervised)
        if self.metric_weight and self.cross_domain_losses.features and _TARGET in batch.streams:
            losses |= self._compare(batch)
        if not losses:
            raise ValueError(
                f'training data got the streams {sorted(batch.streams)}, of which none is learned '
                f'from with supervise_target={self.supervise_target} and '
                f'supervise_source={self.supervise_source}'
            )
        return losses

    def _supervised(self, batch: ClipBatch) -> ClipBatch:
        """The clips that have the losses of a video mesh estimator."""
        streams = {
            name: rows
            for name, rows in batch.streams.items()
            if (self.supervise_target if name == _TARGET else self.supervise_source)
        }
        if streams == batch.streams:
            return batch
        device = batch.prediction.betas.device
        numbers = [number for rows in streams.values() for number in range(rows.start, rows.stop)]
        rows = torch.tensor(numbers, dtype=torch.long, device=device)
        slices, start = {}, 0
        for name, own in streams.items():
            slices[name] = slice(start, start + own.stop - own.start)
            start = slices[name].stop
        return ClipBatch(
            select_clips(batch.prediction, rows),
            select_clips(batch.targets, rows),
            slices,
            [batch.video_ids[number] for number in numbers],
        )

    def _compare(self, batch: ClipBatch) -> dict[str, Tensor]:
        if _SOURCE not in batch.streams:
            raise ValueError(
                f'training data got the streams {sorted(batch.streams)}, expected {_SOURCE!r} too '
                'for cross_domain_losses'
            )
        results = self.cross_domain_losses(
            batch.prediction, batch.targets, batch.streams[_TARGET], batch.streams[_SOURCE]
        )
        return {
            name: self.metric_weight * value if 'loss' in name else value
            for name, value in results.items()
        }

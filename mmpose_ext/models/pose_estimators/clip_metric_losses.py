from collections.abc import Sequence

from mmpose.utils.typing import ConfigType
from torch import Tensor, nn

from mmpose_ext.models.video_batch import VideoMeshPrediction, VideoMeshTargets, centred_lsp14
from mmpose_ext.registry import MODELS

FEATURES = {
    'encoder': lambda prediction: prediction.encoded,
    'joints': lambda prediction: centred_lsp14(prediction.joints).flatten(2),
    'rotations': lambda prediction: prediction.rotations.flatten(2),
    'hidden': lambda prediction: prediction.hidden,
}
"""What of a prediction a metric loss can shape, each ``(B, T, C)``."""


class ClipMetricLosses(nn.Module):
    """Metric losses between the frames of a batch, on several features.

    Args:
        configs: Each ``dict(feature=..., loss=...)``: the feature is ``'encoder'``, what the
            temporal encoder returns, ``'joints'``, 14 joints about the midpoint of the hips,
            ``'rotations'``, matrices, or ``'hidden'``, what the head reads parameters off; the loss
            is one like :class:`InBatchTripletMetricLoss`.

    Raises:
        ValueError: If a feature is unknown or has two losses.
    """

    option = 'metric_losses'
    """The estimator's argument, for messages."""

    def __init__(self, configs: Sequence[ConfigType]) -> None:
        super().__init__()
        self.features = [str(config['feature']) for config in configs]
        for feature in self.features:
            if feature not in FEATURES or self.features.count(feature) > 1:
                raise ValueError(
                    f'{self.option} got the features {self.features}, expected different ones of '
                    f'{sorted(FEATURES)}'
                )
        self.losses = nn.ModuleList(MODELS.build(config['loss']) for config in configs)

    def forward(
        self, prediction: VideoMeshPrediction, targets: VideoMeshTargets, video_ids: list[str]
    ) -> dict[str, Tensor]:
        """Compare the frames of clips that have 3D labels.

        Args:
            prediction: Of B clips.
            targets: Theirs.
            video_ids: Of each clip the video that it is from.

        Returns:
            ``loss_metric_<feature>``, and its statistics as ``metric/<feature>_<name>``.
        """
        valid = targets.joints_valid > 0
        rows = [row for row, labelled in enumerate(valid.any(dim=1).tolist()) if labelled]
        results: dict[str, Tensor] = {}
        if not self.features:
            return results
        labels = centred_lsp14(targets.joints)[rows]
        ids = [video_ids[row] for row in rows]
        for feature, loss in zip(self.features, self.losses):
            values = FEATURES[feature](prediction)
            if not rows:
                results[f'loss_metric_{feature}'] = values.sum() * 0
                continue
            results[f'loss_metric_{feature}'] = loss(values[rows], labels, valid[rows], ids)
            for name, value in getattr(loss, 'statistics', {}).items():
                results[f'metric/{feature}_{name}'] = value
        return results

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from mmpose_ext.registry import METRICS


@METRICS.register_module()
class MaskIoU(BaseMetric):
    """Intersection over union of foreground masks, with all pixels of the dataset counted together.

    Results are ``IoU`` of the foreground and ``mIoU``, its mean with that of the background, in
    percent. A class that is neither there nor predicted is NaN and left out of the mean.

    Args:
        threshold: Probability from which a pixel is foreground.
        ignore_index: Label of pixels that do not count.
        collect_device: Where results of several processes are gathered, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the result keys.
    """

    default_prefix = 'mask'

    def __init__(
        self,
        threshold: float = 0.5,
        ignore_index: int = 255,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.threshold = threshold
        self.ignore_index = ignore_index

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Count the pixels of a batch.

        Args:
            data_batch: Not used.
            data_samples: With ``gt_fields`` and ``pred_fields``, each with ``foreground``
                (1, H, W): labels 0 and 1, and probabilities.

        Raises:
            ValueError: If a prediction has another shape than its label, or is not finite.
        """
        for sample in data_samples:
            label = np.asarray(sample['gt_fields']['foreground'])
            found = np.asarray(sample['pred_fields']['foreground'])
            name = sample.get('img_path')
            if found.shape != label.shape:
                raise ValueError(
                    f'{name}: prediction got shape {found.shape}, expected {label.shape}'
                )
            if not np.isfinite(found).all():
                raise ValueError(f'{name}: prediction got NaN or infinite values')
            counted = label != self.ignore_index
            truth, found = label[counted] == 1, found[counted] >= self.threshold
            both = int((truth & found).sum())
            neither = int((~truth & ~found).sum())
            self.results.append((neither, both, truth.size))

    def compute_metrics(self, results: list[tuple[int, int, int]]) -> dict[str, float]:
        """Both numbers, from the counts of all samples."""
        neither, both, pixels = np.sum(results, axis=0, dtype=np.int64)
        # What is not agreed on as one class belongs to the union of the other.
        background = _percent(neither, pixels - both)
        foreground = _percent(both, pixels - neither)
        known = [value for value in (background, foreground) if not np.isnan(value)]
        return dict(IoU=foreground, mIoU=float(np.mean(known)) if known else float('nan'))


def _percent(part: int, whole: int) -> float:
    return 100 * float(part) / float(whole) if whole else float('nan')

"""Which joints a metric scores, and how a model's predictions become them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

from mmpose_ext.skeletons import COCO17, SHARED12, KeypointMap, Skeleton

Joints = Literal['shared12', 'new'] | Sequence[str] | None
Absent = Literal['zero', 'drop']


@dataclass(frozen=True)
class EvaluatedJoints:
    """The joints a metric scores.

    Args:
        mapping: From the model's skeleton to the evaluated joints.
        absent: Names of evaluated joints that the model does not predict.
    """

    mapping: KeypointMap
    absent: tuple[str, ...]

    @classmethod
    def choose(
        cls, model: Skeleton, target: Skeleton, joints: Joints = None, absent: Absent = 'zero'
    ) -> EvaluatedJoints:
        """Choose the joints of an evaluation.

        Args:
            model: What the model predicts.
            target: What the dataset labels.
            joints: Names of the target to score; ``'shared12'`` those common to COCO and MPII,
                ``'new'`` those that COCO lacks; all if omitted.
            absent: Of the joints that the model does not predict: ``'zero'`` charges the model as
                if it had put them at (0, 0) with score 0, ``'drop'`` does not score them.

        Raises:
            ValueError: If a name is unknown, or none of the joints is left to score.
        """
        if absent not in ('zero', 'drop'):
            raise ValueError(f"got absent={absent!r}, expected 'zero' or 'drop'")
        names = _names(target, joints)
        predicted = set(target.keypoints) - set(_unmapped(model, target))
        if absent == 'drop':
            if predicted.isdisjoint(names):
                raise ValueError(
                    f'a model with skeleton {model.name!r} predicts none of {list(names)} of '
                    f'{target.name!r}'
                )
            names = tuple(name for name in names if name in predicted)
        evaluated = target if names == target.keypoints else target.subset(names)
        return cls(
            KeypointMap.between(model, evaluated),
            tuple(name for name in names if name not in predicted),
        )

    @property
    def skeleton(self) -> Skeleton:
        """The evaluated joints as a skeleton."""
        return self.mapping.target

    def of(self, sample: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of a data sample of which the predictions are the evaluated joints.

        Args:
            sample: With ``pred_instances`` ``keypoints`` (N, K, 2) and ``keypoint_scores`` (N, K).

        Raises:
            ValueError: If the predictions are not those of the model's skeleton, or not finite.
        """
        if 'pred_instances' not in sample:
            raise ValueError(f'sample {sample.get("id")!r} has no pred_instances')
        predictions = dict(sample['pred_instances'])
        keypoints = _numpy(predictions['keypoints'])
        scores = _numpy(predictions['keypoint_scores'])
        expected = self.mapping.source
        if keypoints.ndim != 3 or keypoints.shape[1] != expected.num_keypoints:
            raise ValueError(
                f'got predictions of shape {keypoints.shape}, expected (N, '
                f'{expected.num_keypoints}, 2): the metric was told skeleton={expected.name!r}'
            )
        if not np.isfinite(keypoints).all():
            # COCO's matching takes a similarity of NaN for a match.
            raise ValueError(f'predictions for sample {sample.get("id")!r} are not finite')
        predictions['keypoints'], _ = self.mapping.apply(keypoints, scores)
        predictions['keypoint_scores'] = self.mapping.apply_scores(scores)
        return {**sample, 'pred_instances': predictions}


def _names(target: Skeleton, joints: Joints) -> tuple[str, ...]:
    if joints is None:
        return target.keypoints
    if isinstance(joints, str):
        named = {
            'shared12': SHARED12,
            'new': [
                name for name in target.keypoints if target.canonical(name) not in COCO17.keypoints
            ],
        }
        if joints not in named:
            raise ValueError(f'got joints={joints!r}, expected a list of names or {sorted(named)}')
        joints = named[joints]
    target.indices(joints)
    return tuple(name for name in target.keypoints if name in set(joints))


def _unmapped(model: Skeleton, target: Skeleton) -> list[str]:
    mapped = KeypointMap.between(model, target).mapped
    return [name for name, is_mapped in zip(target.keypoints, mapped) if not is_mapped]


def _numpy(values: np.ndarray | torch.Tensor) -> np.ndarray:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)

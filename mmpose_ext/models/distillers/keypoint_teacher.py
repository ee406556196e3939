from collections.abc import Sequence
from pathlib import Path

import torch
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch import Tensor

from mmpose_ext.models.distillers.bin_alignment import Bins
from mmpose_ext.models.distillers.decay import DECAYS
from mmpose_ext.models.distillers.frozen_teacher import FrozenTeacher, Renormalization
from mmpose_ext.models.distillers.window_adapters import ADAPTERS, Size
from mmpose_ext.models.losses import HeatmapCrossEntropyLoss, SimCCDistillationLoss
from mmpose_ext.skeletons import KeypointMap, Skeleton, get_skeleton

Answer = tuple[tuple[Tensor, Tensor], Tensor]

MASKS = ('all', 'missing', 'unlabelled', 'confidence')
# A teacher that puts less than this much of its probability inside the student's window believes
# that the keypoint lies outside.
_LEAST_INSIDE = 0.5


class KeypointTeacher:
    """One teacher of a student with another skeleton, input size or head, matched by joint name.

    The model is read by :meth:`load`, not by the constructor: a student is tested without its
    teachers.

    Args:
        name: What to call it in logs and errors.
        student_skeleton: Skeleton of the student.
        config: See :meth:`FrozenTeacher.load`.
        checkpoint: See :meth:`FrozenTeacher.load`.
        skeleton: Its skeleton, as ``get_skeleton`` takes it.
        weight: Factor of its loss.
        joints: Student joints that it teaches; by default all of its own, and then every one must
            be known to the student.
        input_size: (width, height) of its input; its head's by default.
        adapter: ``'canvas'`` or ``'stretch'``, see ``window_adapters``.
        temperature: Softens both distributions if above one.
        beta: Factor on its scores before the softmax; the one its head was trained with by default.
        mask: Which keypoints it teaches: ``'all'``; ``'missing'``, those the sample's source has no
            label for; ``'unlabelled'``, also those this sample has no label for; or
            ``'confidence'``, all, weighted by its own certainty.
        decay: How its weight falls over the training: ``'none'``, ``'linear'`` or ``'cosine'``.

    Raises:
        ValueError: If an option is unknown, or a keypoint cannot be matched.
    """

    def __init__(
        self,
        name: str,
        student_skeleton: Skeleton,
        *,
        config: str | Path | dict,
        checkpoint: str | Path,
        skeleton: str | dict | Skeleton,
        weight: float,
        joints: Sequence[str] | None = None,
        input_size: Size | None = None,
        adapter: str = 'canvas',
        temperature: float = 1.0,
        beta: float | None = None,
        mask: str = 'all',
        decay: str = 'none',
    ) -> None:
        for option, value, known in (
            ('adapter', adapter, ADAPTERS),
            ('mask', mask, MASKS),
            ('decay', decay, DECAYS),
        ):
            if value not in known:
                raise ValueError(
                    f'teacher {name!r}: {option} got {value!r}, expected one of {sorted(known)}'
                )
        self.name = name
        self.config = config
        self.checkpoint = checkpoint
        self.skeleton = get_skeleton(skeleton)
        self.weight = weight
        self.input_size = input_size
        self.adapter_type = adapter
        self.temperature = temperature
        self.beta = beta
        self.mask = mask
        self.decay = decay
        self.keypoint_map = self._match(student_skeleton, joints)
        self.teacher_indices, self.student_indices = (
            list(indices) for indices in zip(*self.keypoint_map.pairs())
        )
        self._models: dict[str, FrozenTeacher] = {}

    @property
    def is_loaded(self) -> bool:
        """Whether :meth:`load` was called."""
        return bool(self._models)

    @property
    def model(self) -> FrozenTeacher:
        """The frozen model, after :meth:`load`."""
        return self._models['teacher']

    def load(self, student: BasePoseEstimator, canvas_size: Size) -> None:
        """Read the model and line its bins up with the student's.

        Args:
            student: A pose estimator with a SimCC head.
            canvas_size: (width, height) of the training images.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the model does not fit its checkpoint, its skeleton or the canvas.
        """
        teacher = FrozenTeacher.load(self.name, self.config, self.checkpoint)
        head = teacher.model.head
        if head.out_channels != self.skeleton.num_keypoints:
            raise ValueError(
                f'teacher {self.name!r}: its head got {head.out_channels} keypoints, expected '
                f'{self.skeleton.num_keypoints} as in skeleton {self.skeleton.name!r}'
            )
        decoder_size = None if head.decoder is None else head.decoder.input_size
        size = self.input_size or getattr(head, 'input_size', decoder_size)
        if size is None:
            raise ValueError(
                f'teacher {self.name!r}: input_size got None and its head names none, expected '
                '(width, height)'
            )
        if self.beta is None:
            self.beta = head_beta(head)
        self.is_softmax = isinstance(head.loss_module, HeatmapCrossEntropyLoss)
        try:
            self.adapter = ADAPTERS[self.adapter_type](
                canvas_size, student.head.input_size, size, head_bins(student.head), head_bins(head)
            )
        except ValueError as error:
            raise ValueError(f'teacher {self.name!r}: {error}') from error
        self.renormalize = Renormalization(
            student.data_preprocessor, teacher.model.data_preprocessor
        )
        self.loss = SimCCDistillationLoss(head_beta(student.head), self.temperature)
        self._models['teacher'] = teacher

    @torch.no_grad()
    def answer(self, canvas: Tensor) -> Answer:
        """What it believes about its K' keypoints.

        Args:
            canvas: Images normalized for the student, ``(B, 3, H, W)``.

        Returns:
            Probabilities on the student's bins of x ``(B, K', bins)`` and y, in the order of
            ``student_indices``, and weights ``(B, K')``: how much of the belief lies inside the
            student's window, zero if less than half, times the certainty for
            ``mask='confidence'``.
        """
        inputs = self.renormalize(self.adapter.window(canvas))
        logits = simcc_logits(self.name, self.model(inputs), self.beta, self.is_softmax)
        chosen = tuple(axis[:, self.teacher_indices] / self.temperature for axis in logits)
        (x, y), inside = self.adapter.align(chosen)
        weight = inside * (inside >= _LEAST_INSIDE)
        if self.mask == 'confidence':
            weight = weight * (x.amax(dim=-1) * y.amax(dim=-1)).sqrt()
        return (x, y), weight

    def distill(self, prediction: tuple[Tensor, Tensor], answer: Answer, wanted: Tensor) -> Tensor:
        """Loss of the student against this teacher.

        Args:
            prediction: The student's scores of x ``(B, K, W)`` and y ``(B, K, H)``.
            answer: What :meth:`answer` returned.
            wanted: Which keypoints to teach, ``(B, K)``, zero or one.
        """
        target, weight = answer
        chosen = tuple(axis[:, self.student_indices] for axis in prediction)
        return self.loss(chosen, target, weight * wanted[:, self.student_indices])

    def _match(self, student: Skeleton, joints: Sequence[str] | None) -> KeypointMap:
        try:
            keypoint_map = KeypointMap.between(self.skeleton, student)
            if joints is not None:
                keypoint_map = keypoint_map.subset(joints)
        except ValueError as error:
            raise ValueError(f'teacher {self.name!r}: {error}') from error
        matched = {index for index, _ in keypoint_map.pairs()}
        unknown = [
            joint for index, joint in enumerate(self.skeleton.keypoints) if index not in matched
        ]
        if joints is None and unknown:
            raise ValueError(
                f'teacher {self.name!r}: skeleton {self.skeleton.name!r} got the keypoints '
                f'{unknown!r}, expected names known to the student skeleton {student.name!r}; list '
                'the ones to use as `joints`'
            )
        if not matched:
            raise ValueError(f'teacher {self.name!r}: joints got {joints!r}, expected at least one')
        return keypoint_map


def head_bins(head: torch.nn.Module) -> tuple[Bins, Bins]:
    """Bins of x and of y that a SimCC or heatmap head predicts, in pixels of its input."""
    if _is_simcc(head):
        split = head.simcc_split_ratio
        return tuple(Bins(int(side * split), 1 / split) for side in head.input_size)
    heatmap_size, scale = head.decoder.heatmap_size, head.decoder.scale_factor
    return tuple(Bins(int(side), float(step)) for side, step in zip(heatmap_size, scale))


def head_beta(head: torch.nn.Module) -> float:
    """Factor that a head's training puts on its scores before the softmax."""
    return getattr(head.loss_module, 'beta', 1.0) if _is_simcc(head) else 1.0


def simcc_logits(
    name: str, output: tuple | Tensor, beta: float, is_softmax: bool = False
) -> tuple[Tensor, Tensor]:
    """Scores of x and y, ready for the softmax, from a head's raw output.

    A heatmap is read as an unnormalized distribution (negative values as zero), or turned into one
    by the softmax it was trained with, and summed over the other axis.

    Args:
        name: What to call the teacher in error messages.
        output: Scores of x and y, or heatmaps ``(B, K, h, w)``.
        beta: Factor on the scores; for heatmaps, the power they are raised to.
        is_softmax: Whether heatmaps are scores of a softmax over all positions.

    Raises:
        ValueError: If the output is neither.
    """
    if isinstance(output, tuple | list) and len(output) == 2 and output[0].ndim == 3:
        return tuple(axis.float() * beta for axis in output)
    if isinstance(output, Tensor) and output.ndim == 4:
        heatmaps = output.float()
        if is_softmax:
            heatmaps = heatmaps.flatten(2).softmax(dim=-1).view_as(heatmaps)
        heatmaps = heatmaps.clamp(min=0)
        tiny = torch.finfo(heatmaps.dtype).tiny
        return tuple(heatmaps.sum(dim=axis).clamp(min=tiny).log() * beta for axis in (-2, -1))
    raise ValueError(
        f'teacher {name!r}: its head got an output of type {type(output).__name__}, expected SimCC '
        'scores (x, y) or heatmaps (B, K, h, w)'
    )


def _is_simcc(head: torch.nn.Module) -> bool:
    return hasattr(head, 'simcc_split_ratio')

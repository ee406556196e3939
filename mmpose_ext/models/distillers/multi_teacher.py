from collections.abc import Callable
from typing import Any

import torch
from mmengine.logging import print_log
from mmpose.evaluation.functional import simcc_pck_accuracy
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.utils.tensor_utils import to_numpy
from mmpose.utils.typing import SampleList
from torch import Tensor

from mmpose_ext.datasets.label_tier import DERIVED
from mmpose_ext.models.distillers.decay import DECAYS, training_progress
from mmpose_ext.models.distillers.distillation_presets import PRESETS
from mmpose_ext.models.distillers.keypoint_teacher import KeypointTeacher
from mmpose_ext.models.distillers.window_adapters import Size, cut_window, window_offset
from mmpose_ext.models.losses import ConditionalKeypointLoss
from mmpose_ext.registry import MODELS
from mmpose_ext.skeletons import Skeleton, get_skeleton


@MODELS.register_module()
class MultiTeacherDistiller(TopdownPoseEstimator):
    """A top-down student with a SimCC head that learns from labels and from any number of teachers.

    `Estimating Human Poses Across Datasets <https://arxiv.org/abs/2405.20084>`_, Eq. 8: ``alpha *
    task + (1 - alpha) * sum_j beta_j * distillation_j``, with every term in the same unit (nats per
    weighted keypoint). Student and teachers each see their own window of one augmented canvas.

    This *is* the student: its checkpoints hold the student's keys only, MMPose's tools and APIs
    take it for a ``TopdownPoseEstimator``, and everything but training works without the teachers'
    files. They are read when the training initializes the weights, and a file that is missing or
    does not fit stops it there.

    Args:
        skeleton: The student's skeleton, as ``get_skeleton`` takes it.
        teachers: Arguments of each :class:`KeypointTeacher` by its name; with none, the student
            learns from labels alone.
        canvas_size: (width, height) of the training images; the student's input size by default.
        input_size: (width, height) of the student's input; its head's by default.
        preset: ``'paper'`` or ``'repo'``: weights for teachers called ``coco`` and ``mpii``, as
            published or as in the authors' code. Values given explicitly win.
        task_weight: alpha, the factor of the task loss.
        distillation_weight: Factor of the sum over teachers; by default the preset's, or ``1 -
            task_weight`` if that is given.
        **student: Arguments of ``TopdownPoseEstimator``.

    Raises:
        ValueError: If the head is no SimCC head of this skeleton and input size, an option is
            unknown, or a teacher's keypoints cannot be matched.
    """

    def __init__(
        self,
        *,
        skeleton: str | dict | Skeleton = 'union21',
        teachers: dict[str, dict] | None = None,
        canvas_size: Size | None = None,
        input_size: Size | None = None,
        preset: str = 'paper',
        task_weight: float | None = None,
        distillation_weight: float | None = None,
        **student: Any,
    ) -> None:
        super().__init__(**student)
        self.skeleton = get_skeleton(skeleton)
        self._check_head(input_size)
        self.input_size = tuple(self.head.input_size)
        self.canvas_size = tuple(canvas_size or self.input_size)
        window_offset(self.canvas_size, self.input_size)
        self._set_objective(teachers or {}, preset, task_weight, distillation_weight)
        self.progress: Callable[[], float] = training_progress

    def init_weights(self) -> None:
        """Read the teachers, then initialize the student: the runner calls this before training."""
        self.load_teachers()
        super().init_weights()

    def load_teachers(self) -> None:
        """Read the teachers' files, unless that is done, and log who teaches what.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If a teacher does not fit its checkpoint, its skeleton or the canvas.
        """
        waiting = [teacher for teacher in self.teachers.values() if not teacher.is_loaded]
        for teacher in waiting:
            teacher.load(self, self.canvas_size)
        if waiting:
            self._move_teachers()
            print_log(self._describe_teachers(), logger='current')

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Calculate losses from a batch of canvases.

        Args:
            inputs: Normalized images ``(B, 3, H, W)`` of ``canvas_size``.
            data_samples: Their labels, in the frame of the student's window.

        Returns:
            ``loss``, and for the log ``task``, ``acc_pose`` and ``kd_<name>`` of each teacher,
            unweighted.
        """
        self.load_teachers()
        window = self._student_window(inputs)
        # The teachers come first: their activations are gone before the student's are kept.
        answers = {name: teacher.answer(inputs) for name, teacher in self.teachers.items()}
        prediction = self.head(self.extract_feat(window))
        weights = _stack(data_samples, 'keypoint_weights')
        labels = tuple(_stack(data_samples, f'keypoint_{axis}_labels') for axis in ('x', 'y'))
        task = self._task_loss(prediction, labels, weights, data_samples)
        total, parts = task, dict(task=task.detach())
        if self.teachers:
            total = self.task_weight * task
        for name, teacher in self.teachers.items():
            wanted = self._wanted(teacher.mask, weights, data_samples)
            distillation = teacher.distill(prediction, answers[name], wanted)
            total = total + self._teacher_factor(teacher) * distillation
            parts[f'kd_{name}'] = distillation.detach()
        return dict(loss=total, **parts, acc_pose=self._accuracy(prediction, labels, weights))

    def _apply(self, function: Callable[[Tensor], Tensor], recurse: bool = True):
        result = super()._apply(function, recurse)
        self._move_teachers()
        return result

    def _move_teachers(self) -> None:
        for teacher in getattr(self, 'teachers', {}).values():
            if teacher.is_loaded:
                teacher.model.follow(self)

    def _student_window(self, inputs: Tensor) -> Tensor:
        size = (inputs.shape[-1], inputs.shape[-2])
        if size != self.canvas_size:
            raise ValueError(
                f'training images got the size (w, h) {size!r}, expected canvas_size '
                f'{self.canvas_size!r}'
            )
        return cut_window(inputs, self.input_size)

    def _task_loss(
        self,
        prediction: tuple[Tensor, Tensor],
        labels: tuple[Tensor, Tensor],
        weights: Tensor,
        data_samples: SampleList,
    ) -> Tensor:
        loss = self.head.loss_module
        if isinstance(loss, ConditionalKeypointLoss) and loss.normalization == 'source':
            sources = [sample.metainfo['source'] for sample in data_samples]
            return loss(prediction, labels, weights, sources)
        return loss(prediction, labels, weights)

    def _wanted(self, mask: str, weights: Tensor, data_samples: SampleList) -> Tensor:
        if mask == 'unlabelled':
            return (weights == 0).to(weights)
        if mask == 'missing':
            return (_stack(data_samples, 'label_tier') < DERIVED).to(weights)
        return torch.ones_like(weights)

    def _teacher_factor(self, teacher: KeypointTeacher) -> float:
        factor = self.distillation_weight * teacher.weight
        if teacher.decay == 'none':
            return factor
        return factor * DECAYS[teacher.decay](self.progress())

    def _accuracy(
        self, prediction: tuple[Tensor, Tensor], labels: tuple[Tensor, Tensor], weights: Tensor
    ) -> Tensor:
        _, accuracy, _ = simcc_pck_accuracy(
            output=tuple(to_numpy(axis.float()) for axis in prediction),
            target=to_numpy(labels),
            simcc_split_ratio=self.head.simcc_split_ratio,
            mask=to_numpy(weights) > 0,
        )
        return weights.new_tensor(accuracy)

    def _check_head(self, input_size: Size | None) -> None:
        head = getattr(self, 'head', None)
        if not hasattr(head, 'simcc_split_ratio'):
            raise ValueError(f'head got {type(head).__name__}, expected a SimCC head')
        if head.out_channels != self.skeleton.num_keypoints:
            raise ValueError(
                f'head out_channels got {head.out_channels!r}, expected '
                f'{self.skeleton.num_keypoints} as in skeleton {self.skeleton.name!r}'
            )
        if input_size is not None and tuple(input_size) != tuple(head.input_size):
            raise ValueError(
                f'input_size got {tuple(input_size)!r}, expected {tuple(head.input_size)!r} as in '
                'the head'
            )

    def _set_objective(
        self,
        teachers: dict[str, dict],
        preset: str,
        task_weight: float | None,
        distillation_weight: float | None,
    ) -> None:
        if preset not in PRESETS:
            raise ValueError(f'preset got {preset!r}, expected one of {sorted(PRESETS)}')
        published = PRESETS[preset]
        if task_weight is None:
            task_weight = published.task_weight
            complement = published.distillation_weight
        else:
            complement = 1 - task_weight
        self.task_weight = task_weight
        self.distillation_weight = (
            complement if distillation_weight is None else distillation_weight
        )
        if self.task_weight < 0 or self.distillation_weight < 0:
            raise ValueError(
                f'task_weight and distillation_weight got {self.task_weight!r} and '
                f'{self.distillation_weight!r}, expected none below zero'
            )
        self.teachers: dict[str, KeypointTeacher] = {}
        for name, options in teachers.items():
            if 'loss' in name:
                raise ValueError(
                    f"teacher name got {name!r}, expected one without 'loss', which MMEngine would "
                    'add to the total'
                )
            options = {**published.teachers.get(name, {}), **options}
            if 'weight' not in options:
                raise ValueError(
                    f'teacher {name!r}: weight got none, expected a number; preset {preset!r} '
                    f'knows the teachers {sorted(published.teachers)}'
                )
            self.teachers[name] = KeypointTeacher(name, self.skeleton, **options)

    def _describe_teachers(self) -> str:
        lines = [f'{"joint":<16}taught by']
        for index, joint in enumerate(self.skeleton.keypoints):
            names = [
                f'{name} ({teacher.weight:g}, {teacher.mask})'
                for name, teacher in self.teachers.items()
                if index in teacher.student_indices
            ]
            lines.append(f'{joint:<16}{", ".join(names) or "nobody"}')
        return '\n'.join(lines)


def _stack(data_samples: SampleList, field: str) -> Tensor:
    """One field of the labels of a batch, ``(B, ...)``."""
    missing = [i for i, sample in enumerate(data_samples) if field not in sample.gt_instance_labels]
    if missing:
        raise ValueError(
            f'gt_instance_labels got no {field!r} in sample {missing[0]} of the batch, expected '
            'the pipeline to pack it'
        )
    return torch.cat([sample.gt_instance_labels[field] for sample in data_samples])

from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.logging import print_log
from mmpose.utils.typing import SampleList
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmpose_ext.models.distillers.distillation_term import DistillationTerm
from mmpose_ext.models.distillers.frozen_teacher import FrozenTeacher, Renormalization
from mmpose_ext.models.pose_estimators.mesh_estimator import Inputs, MeshEstimator
from mmpose_ext.registry import MODELS

_TEACHER = 'teacher'


@MODELS.register_module()
class FeatureDistiller(MeshEstimator):
    """A mesh estimator whose features learn from those of a teacher that saw better edges.

    `SEFD <https://github.com/YangChangHee/ICCV2023_SEFD_RELEASE>`_ (Yang et al., ICCV 2023): the
    teacher was trained with the edges of the true bodies and sees them here too
    (``inputs['teacher_edge']``), the student has edges of its own. Both see the same crop and the
    same 2D pose; only the teacher's backbone runs.

    This *is* the student: its checkpoints hold the student's keys, and everything but training
    works without the teacher's files. They are read when the training initializes the weights,
    and the student then starts as a copy of the teacher.

    Args:
        teacher: ``config`` and ``checkpoint`` of the teacher, see :meth:`FrozenTeacher.load`.
        distill: The terms to add, each with ``loss`` (a config, see ``losses.feature_losses``),
            ``stages`` (indices of the backbone's outputs) and ``weights`` (one per stage, or per
            pair of stages; 1 by default).
        init_from_teacher: Whether the student starts with the teacher's weights.
        teacher_batch_norm: ``'eval'``: the teacher normalizes with the statistics it was trained
            to; ``'batch'``: with those of each batch, as in the authors' code, where its running
            statistics also drift, which they never do here.
        **student: Arguments of :class:`MeshEstimator`.

    Raises:
        ValueError: If an option is unknown, or weights and stages do not match.
    """

    def __init__(
        self,
        *,
        teacher: dict[str, Any],
        distill: Sequence[dict],
        init_from_teacher: bool = True,
        teacher_batch_norm: str = 'eval',
        **student: Any,
    ) -> None:
        super().__init__(**student)
        if teacher_batch_norm not in ('eval', 'batch'):
            raise ValueError(
                f"teacher_batch_norm got {teacher_batch_norm!r}, expected 'eval' or 'batch'"
            )
        self.teacher_files = dict(teacher)
        self.init_from_teacher = init_from_teacher
        self.teacher_batch_norm = teacher_batch_norm
        self.distillation = nn.ModuleList(DistillationTerm(**term) for term in distill)
        # A plain container: the teacher is in no state dict, optimizer or distributed wrapper.
        self._teacher: dict[str, FrozenTeacher] = {}

    def init_weights(self) -> None:
        """Read the teacher, then initialize the student: the runner calls this before training."""
        self.load_teacher()
        super().init_weights()
        if self.init_from_teacher:
            self._copy_teacher()

    def load_teacher(self) -> None:
        """Read the teacher's files, unless that is done.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the checkpoint does not fit the config, for instance in the number of
                input channels.
        """
        if self._teacher:
            return
        teacher = FrozenTeacher.load(_TEACHER, **self.teacher_files)
        if not isinstance(teacher.model, MeshEstimator):
            raise ValueError(
                f'teacher got a {type(teacher.model).__name__}, expected a MeshEstimator'
            )
        self._renormalize = Renormalization(self.data_preprocessor, teacher.model.data_preprocessor)
        if self.teacher_batch_norm == 'batch':
            for module in teacher.modules():
                if isinstance(module, _BatchNorm):
                    # In this state it neither reads nor writes its running statistics.
                    module.training, module.track_running_stats = True, False
        self._teacher[_TEACHER] = teacher
        teacher.follow(self)

    def loss(self, inputs: Inputs, data_samples: SampleList) -> dict[str, Tensor]:
        """Calculate losses.

        Args:
            inputs: See :class:`MeshEstimator`; and ``teacher_edge`` ``(B, 1, S, S)`` for a teacher
                with four input channels.
            data_samples: Their labels.

        Returns:
            The student's terms, and ``loss_<name>`` of each distillation term.
        """
        self.load_teacher()
        # The teacher comes first: its activations are gone before the student's are kept.
        answers = self._teacher_features(inputs)
        stages = self.extract_feat(inputs)
        losses = self.mesh_losses(stages, inputs, data_samples)
        for index, term in enumerate(self.distillation):
            name = f'loss_{term.name}'
            losses[f'{name}_{index}' if name in losses else name] = term(stages, answers)
        return losses

    @torch.no_grad()
    def _teacher_features(self, inputs: Inputs) -> tuple[Tensor, ...]:
        teacher = self._teacher[_TEACHER].model
        seen = {**inputs, 'img': self._renormalize(inputs['img'])}
        if teacher.backbone.in_channels > 3 and teacher.edge is None:
            if 'teacher_edge' not in inputs:
                raise ValueError(
                    f"inputs got {sorted(inputs)} without 'teacher_edge', expected the edge map "
                    "that the teacher was trained with, packed beside the student's"
                )
            seen['edge'] = inputs['teacher_edge']
        return teacher.extract_feat(seen)

    def _copy_teacher(self) -> None:
        teacher = self._teacher[_TEACHER].model
        weights = teacher.state_dict()
        own = {
            name: value.shape
            for name, value in self.state_dict().items()
            if not name.startswith('distillation.')
        }
        if {name: value.shape for name, value in weights.items()} != own:
            different = sorted(
                name
                for name in own.keys() | weights.keys()
                if name not in own or name not in weights or own[name] != weights[name].shape
            )
            raise ValueError(
                f'teacher got other weights than the student, such as {different[:5]}, expected '
                'the same network; set init_from_teacher=False to start from init_cfg'
            )
        self.load_state_dict(weights, strict=False)
        print_log('The student starts with the weights of its teacher.', logger='current')

    def _apply(self, function: Callable[[Tensor], Tensor], recurse: bool = True):
        result = super()._apply(function, recurse)
        for teacher in getattr(self, '_teacher', {}).values():
            teacher.follow(self)
        return result

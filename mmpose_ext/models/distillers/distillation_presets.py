from dataclasses import dataclass, field


@dataclass(frozen=True)
class DistillationPreset:
    """The weights of one published objective.

    Args:
        task_weight: Factor of the task loss.
        distillation_weight: Factor of the sum over teachers.
        teachers: Options of each teacher, by its name.
    """

    task_weight: float
    distillation_weight: float
    teachers: dict[str, dict] = field(default_factory=dict)


PRESETS = {
    # arXiv 2405.20084, Eq. 8 and section 4.1: alpha .30, beta_MPII .25, beta_COCO .45.
    'paper': DistillationPreset(
        0.3, 1 - 0.3, teachers=dict(coco=dict(weight=0.45), mpii=dict(weight=0.25))
    ),
    # What github.com/thewall27/Unified-2D-HPE-using-Knowledge-Distillation optimizes: the total is
    # added to its own parts, the teachers' weights are exchanged, and only MPII's decays. Its task
    # term is stock KLDiscretLoss: use it with a head loss of normalization='legacy'.
    'repo': DistillationPreset(
        1.3, 1.0, teachers=dict(coco=dict(weight=0.5), mpii=dict(weight=0.9, decay='linear'))
    ),
}

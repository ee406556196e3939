"""SEFD's experiment on generated people: four trainings, five tests, the table."""

from collections.abc import Iterator, Mapping

from mmengine.config import Config

from mmpose_ext.apis.jobs import Job
from mmpose_ext.apis.study import Run, Study

MISPLACED = 'teacher_canny'
"""The teacher with Canny edges at test time, a row of the paper's Table 3."""


class SefdStudy(Study):
    """Baseline, Canny edges, teacher and student. The data lie in ``data/synthetic_mesh``."""

    runs = (
        Run('baseline', 'baseline without edges', 'sefd/baseline_synthetic.py', 120),
        Run('canny', 'network with Canny edges', 'sefd/canny_synthetic.py', 125),
        Run('teacher', 'teacher with SMPL edges', 'sefd/teacher_synthetic.py', 130),
        Run('student', 'distilled student', 'sefd/student_synthetic.py', 150, distilled=True),
    )
    tested_on = '3DPW'
    test_s = 25.0

    def jobs(self) -> Iterator[Job]:
        """Trainings and tests, and the test of the teacher without its edges."""
        yield from super().jobs()
        yield self._test(
            MISPLACED,
            'teacher with Canny edges',
            self.run('canny').config,
            self.checkpoint(self.run('teacher')),
        )

    def metrics(self) -> dict[str, Mapping[str, float]]:
        """Test results by the run's name, and that of :data:`MISPLACED`."""
        return {**super().metrics(), MISPLACED: self.result(MISPLACED)}

    def epochs(self, config: Config) -> int:
        """Whole epochs, at least one."""
        return max(1, round(config.train_cfg.max_epochs * self.length))

    def schedule(self, config: Config) -> list[str]:
        """More or fewer epochs, the decay of the learning rate stretched over them."""
        epochs = self.epochs(config)
        return [
            f'train_cfg.max_epochs={epochs}',
            f'train_cfg.val_interval={epochs}',
            f'param_scheduler.1.end={epochs}',
            f'param_scheduler.1.T_max={epochs}',
        ]

    def teachers(self) -> list[str]:
        """The teacher of this study."""
        return [f'model.teacher.checkpoint={self.checkpoint(self.run("teacher"))}']

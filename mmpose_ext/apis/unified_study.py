"""The unified method's experiment on generated people: six trainings, their tests, the tables."""

from mmengine.config import Config

from mmpose_ext.apis.study import Run, Study

TEACHERS = ('coco', 'mpii')


class UnifiedStudy(Study):
    """Two teachers and four students. The data lie in ``data/synthetic``."""

    runs = (
        Run('teacher_coco', 'COCO teacher', 'unified/teacher_heatmap_coco_synthetic.py', 65),
        Run('teacher_mpii', 'MPII teacher', 'unified/teacher_heatmap_mpii_synthetic.py', 65),
        Run('student_coco', 'COCO-only student', 'unified/rtmpose_t_coco_synthetic.py', 75),
        Run('student_mpii', 'MPII-only student', 'unified/rtmpose_t_mpii_synthetic.py', 75),
        Run('student_joint', 'joint student', 'unified/rtmpose_t_joint_synthetic.py', 75),
        Run(
            'student_distill',
            'distilled student',
            'unified/unified_rtmpose_t_synthetic.py',
            120,
            distilled=True,
        ),
    )
    tested_on = 'COCO, MPII and Halpe'
    test_s = 20.0

    def schedule(self, config: Config) -> list[str]:
        """More or fewer samples per epoch."""
        samples = round(config.train_dataloader.sampler.epoch_length * self.length)
        return [f'train_dataloader.sampler.epoch_length={samples}']

    def teachers(self) -> list[str]:
        """Both teachers of this study."""
        return [
            f'model.teachers.{name}.checkpoint={self.checkpoint(self.run(f"teacher_{name}"))}'
            for name in TEACHERS
        ]

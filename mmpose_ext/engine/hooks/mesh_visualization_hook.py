"""Pictures of recovered meshes during validation and testing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mmcv
from mmengine import fileio
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import HOOKS
from mmpose_ext.visualization import MeshVisualizer


@HOOKS.register_module()
class MeshVisualizationHook(Hook):
    """Draw every n-th image of a validation or a test with all its people.

    Takes the place of MMPose's ``PoseVisualizationHook`` as ``default_hooks.visualization``, where
    ``--show`` and ``--show-dir`` of the tools turn it on. Needs ``visualizer.type`` to be
    ``mmpose_ext.MeshVisualizer``. People of an image must follow each other in the dataset, as they
    do in all of ours. Of several processes only the first one draws, the people that it has.

    Pictures of a validation go to the visualizer's backends (``LocalVisBackend`` writes to
    ``vis_data`` in the work directory) under the iteration of the training. Each validation shows
    the same images, so that they can be compared.

    Args:
        enable: Whether to draw.
        interval: Draw every n-th image, counted anew in each validation and test.
        max_images: Draw at most so many images of a validation; a test has no limit.
        draw_gt: Whether to draw annotated bodies below the predicted ones.
        show: Open a window instead of storing the pictures.
        wait_time: Seconds that the window stays open, 0 for until a key is pressed.
        out_dir: Store pictures in this folder instead of in the backends. Relative to the folder of
            this run below the work directory, as in MMPose.
        backend_args: File backend to read images with.

    Raises:
        ValueError: If ``interval`` or ``max_images`` is not positive.
    """

    def __init__(
        self,
        enable: bool = False,
        interval: int = 50,
        max_images: int = 8,
        draw_gt: bool = True,
        show: bool = False,
        wait_time: float = 0.0,
        out_dir: str | None = None,
        backend_args: dict | None = None,
    ) -> None:
        for name, value in {'interval': interval, 'max_images': max_images}.items():
            if value < 1:
                raise ValueError(f'{name} got {value!r}, expected at least 1')
        self.enable = enable
        self.interval = interval
        self.max_images = max_images
        self.draw_gt = draw_gt
        self.show = show
        self.wait_time = wait_time
        self.out_dir = out_dir
        self.backend_args = backend_args

    def before_run(self, runner: Runner) -> None:
        """Refuse another visualizer before any work is done."""
        if self.enable and not isinstance(runner.visualizer, MeshVisualizer):
            raise ValueError(
                f'visualizer.type got {type(runner.visualizer).__name__!r}, expected '
                "'mmpose_ext.MeshVisualizer', which MeshVisualizationHook draws with"
            )

    def before_val_epoch(self, runner: Runner) -> None:
        """Start with the first image."""
        self._begin()

    def before_test_epoch(self, runner: Runner) -> None:
        """Start with the first image."""
        self._begin()

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[PoseDataSample] | None = None,
    ) -> None:
        """Take in a batch, and draw the images that are complete."""
        self._collect(runner, data_batch, outputs, 'val')

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[PoseDataSample] | None = None,
    ) -> None:
        """Take in a batch, and draw the images that are complete."""
        self._collect(runner, data_batch, outputs, 'test')

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Draw the last image."""
        self._draw_image(runner, 'val')

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Draw the last image."""
        self._draw_image(runner, 'test')

    def _begin(self) -> None:
        self._people: list[tuple[PoseDataSample, Mapping[str, Any]]] = []
        self._path: str | None = None
        self._count = 0

    def _collect(
        self, runner: Runner, data_batch: dict, outputs: Sequence[PoseDataSample], phase: str
    ) -> None:
        if not self.enable or not is_main_process():
            return
        inputs = data_batch['inputs']
        for index, sample in enumerate(outputs):
            if sample.img_path != self._path:
                self._draw_image(runner, phase)
                self._path = sample.img_path
                self._count += 1
            number = self._count - 1
            if number % self.interval == 0 and (
                phase == 'test' or number < self.interval * self.max_images
            ):
                # Images are read again from their files: a batch's pictures are crops.
                seen = {k: v[index] for k, v in inputs.items() if k != 'img'}
                self._people.append((sample, seen))

    def _draw_image(self, runner: Runner, phase: str) -> None:
        people, self._people = self._people, []
        if not people:
            return
        samples, inputs = zip(*people)
        first = samples[0]
        content = fileio.get(first.img_path, backend_args=self.backend_args)
        name = f'{Path(first.img_path).stem}_{first.get("img_id", self._count - 1)}'
        step = runner.iter if phase == 'val' else 0
        out_file = None
        if self.out_dir is not None:
            folder = Path(runner.work_dir, runner.timestamp, self.out_dir)
            out_file = folder / (f'{name}_{step}.jpg' if phase == 'val' else f'{name}.jpg')
        runner.visualizer.add_datasample(
            f'{phase}_{name}',
            mmcv.imfrombytes(content, channel_order='rgb'),
            samples,
            inputs=inputs,
            draw_gt=self.draw_gt,
            show=self.show,
            wait_time=self.wait_time,
            out_file=out_file,
            step=step,
        )

"""How a teacher gets its input from the canvas, and its answer onto the student's bins."""

import torch.nn.functional as F
from torch import Tensor

from mmpose_ext.models.distillers.bin_alignment import BinAlignment, Bins

Size = tuple[int, int]
AxisPair = tuple[Bins, Bins]


def cut_window(canvas: Tensor, size: Size) -> Tensor:
    """Cut the centred window of ``size`` (width, height) out of a canvas ``(B, C, H, W)``.

    Raises:
        ValueError: If the window does not fit, or cannot be centred on whole pixels.
    """
    left, top = window_offset((canvas.shape[-1], canvas.shape[-2]), size)
    return canvas[..., top : top + size[1], left : left + size[0]]


def window_offset(canvas_size: Size, size: Size) -> tuple[int, int]:
    """Pixels left of and above the centred window of ``size`` in a canvas, both (width, height).

    Raises:
        ValueError: If the window does not fit, or cannot be centred on whole pixels.
    """
    margins = [outer - inner for outer, inner in zip(canvas_size, size)]
    if any(margin < 0 or margin % 2 for margin in margins):
        raise ValueError(
            f'canvas size (w, h) got {tuple(canvas_size)!r}, expected at least the window '
            f'{tuple(size)!r} and an even number of pixels more'
        )
    return margins[0] // 2, margins[1] // 2


class CanvasAdapter:
    """Give the teacher its own, undistorted window of the canvas the student's window is cut from.

    The teacher's window has the height of the student's, in canvas pixels, and the teacher's own
    aspect ratio, so that both see the person at the size they were made for. With equal pixel
    scales the windows and the bins coincide and nothing is interpolated.

    Args:
        canvas_size: (width, height) of the canvas.
        student_size: (width, height) of the student's input.
        teacher_size: (width, height) of the teacher's input.
        student_bins: The student's bins of x and y, in pixels of its input.
        teacher_bins: The teacher's bins of x and y, in pixels of its input.

    Raises:
        ValueError: If the canvas has no room for the teacher's window.
    """

    def __init__(
        self,
        canvas_size: Size,
        student_size: Size,
        teacher_size: Size,
        student_bins: AxisPair,
        teacher_bins: AxisPair,
    ) -> None:
        self.teacher_size = tuple(teacher_size)
        scale = teacher_size[1] / student_size[1]
        width = teacher_size[0] / scale
        if width != round(width):
            raise ValueError(
                f'input size got {self.teacher_size!r}, expected a width that is a whole number of '
                f'pixels at the height of the student input {tuple(student_size)!r}'
            )
        self.window_size = (round(width), student_size[1])
        teacher_offset = window_offset(canvas_size, self.window_size)
        student_offset = window_offset(canvas_size, student_size)
        # Resizing keeps pixel areas in place: pixel i of the teacher's input has its centre at
        # (i + 0.5) / scale - 0.5 in the window.
        self.axes = [
            BinAlignment(teacher.placed(1 / scale, 0.5 / scale - 0.5 + outer - inner), student)
            for teacher, student, outer, inner in zip(
                teacher_bins, student_bins, teacher_offset, student_offset
            )
        ]

    def window(self, canvas: Tensor) -> Tensor:
        """The teacher's input ``(B, C, h, w)``, from the canvas ``(B, C, H, W)``."""
        window = cut_window(canvas, self.window_size)
        if self.window_size == self.teacher_size:
            return window
        shrinks = self.teacher_size[0] < self.window_size[0]
        return F.interpolate(
            window, size=self.teacher_size[::-1], mode='bilinear', antialias=shrinks
        )

    def align(self, logits: tuple[Tensor, Tensor]) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """Bring the teacher's answer onto the student's bins.

        Args:
            logits: The teacher's scores of x and y, ready for the softmax, ``(B, K, bins)`` each.

        Returns:
            Probabilities on the student's bins, and how much of the teacher's probability lies
            inside the student's window ``(B, K)``.
        """
        aligned = [axis(F.softmax(scores, dim=-1)) for axis, scores in zip(self.axes, logits)]
        (x, inside_x), (y, inside_y) = aligned
        return (x, y), inside_x * inside_y


class StretchAdapter:
    """Stretch the student's window to the teacher's shape, as the paper's own code does.

    This distorts the person wherever the aspect ratios differ; it is here for parity with
    published results. See :class:`CanvasAdapter` for the arguments.
    """

    def __init__(
        self,
        canvas_size: Size,
        student_size: Size,
        teacher_size: Size,
        student_bins: AxisPair,
        teacher_bins: AxisPair,
    ) -> None:
        self.student_size = tuple(student_size)
        self.teacher_size = tuple(teacher_size)
        self.counts = [bins.count for bins in student_bins]

    def window(self, canvas: Tensor) -> Tensor:
        """The teacher's input ``(B, C, h, w)``, from the canvas ``(B, C, H, W)``."""
        window = cut_window(canvas, self.student_size)
        if self.student_size == self.teacher_size:
            return window
        return F.interpolate(
            window, size=self.teacher_size[::-1], mode='bilinear', align_corners=True
        )

    def align(self, logits: tuple[Tensor, Tensor]) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """Resample the scores to the student's bins; see :meth:`CanvasAdapter.align`."""
        x, y = (
            F.softmax(F.interpolate(scores, size=count, mode='linear', align_corners=True), dim=-1)
            for count, scores in zip(self.counts, logits)
        )
        return (x, y), x.new_ones(x.shape[:-1])


ADAPTERS = {'canvas': CanvasAdapter, 'stretch': StretchAdapter}

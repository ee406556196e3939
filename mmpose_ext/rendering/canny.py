"""Edges of pictures: Canny, its gradient magnitude, Sobel, and their dilation."""

import cv2
import numpy as np
from numba import njit

LOW, HIGH = 0.1, 0.2
"""Thresholds on the gradient of a picture in [0, 1], in units of an unnormalised Sobel."""

# The Gaussian of standard deviation 1 over five pixels.
_GAUSSIAN = np.exp(-0.5 * np.arange(3, dtype=np.float64) ** 2)
_GAUSSIAN = (_GAUSSIAN / (2 * _GAUSSIAN.sum() - 1)).astype(np.float32)
# Keeps the root of the squared gradient differentiable in the implementations compared with.
_EPSILON = 1e-6
_TAN_22_5_DEG = np.float32(np.tan(np.pi / 8))


def to_gray(image: np.ndarray, swapped: bool = False) -> np.ndarray:
    """Turn a colour picture to grey.

    Args:
        image: (H, W, 3), channels blue, green, red as OpenCV reads them.
        swapped: Weight red as if it were blue and the other way round, as SEFD's code does.

    Returns:
        (H, W) in the type and range of the picture.

    Raises:
        ValueError: If the picture does not have three channels.
    """
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f'image got shape {image.shape}, expected (H, W, 3)')
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY if swapped else cv2.COLOR_BGR2GRAY)


def canny_edges(gray: np.ndarray, low: float = LOW, high: float = HIGH) -> np.ndarray:
    """Find edges (Canny, "A Computational Approach to Edge Detection", PAMI 1986).

    Gaussian of standard deviation 1 over 5 x 5 pixels, gradient by 3 x 3 Sobel, hysteresis over
    the eight neighbours.

    Args:
        gray: (H, W) uint8.
        low: An edge goes on while the gradient of the picture in [0, 1] is above this.
        high: An edge has somewhere a gradient above this.

    Returns:
        (H, W) uint8, 1 on edges.

    Raises:
        ValueError: If the picture is not grey and 8-bit.
    """
    _check_gray(gray, np.uint8)
    blurred = cv2.GaussianBlur(gray, (5, 5), 1)
    edges = cv2.Canny(blurred, 255 * low, 255 * high, apertureSize=3, L2gradient=True)
    return np.minimum(edges, 1).astype(np.uint8, copy=False)


def canny_magnitude(gray: np.ndarray) -> np.ndarray:
    """Find the ridges of the gradient: Canny before its thresholds.

    The result of a pixel depends on the 9 x 9 pixels around it alone, to the last bit. Where two
    neighbours across an edge are exactly equal, the first one counts: no edge is lost, and none is
    two pixels wide.

    Args:
        gray: (H, W) uint8, or float32 in [0, 1].

    Returns:
        (H, W) float32, the gradient's length in units of an unnormalised Sobel where it is a
        maximum along its direction, else 0. A step of the whole range gives 2.6.

    Raises:
        ValueError: If the picture is not grey.
    """
    return _gradient_lines(gray, _EPSILON, thin=True)


def sobel(gray: np.ndarray) -> np.ndarray:
    """Length of the gradient that Canny thins out.

    Args:
        gray: (H, W) uint8, or float32 in [0, 1].

    Returns:
        (H, W) float32 in units of an unnormalised Sobel of the smoothed picture in [0, 1].

    Raises:
        ValueError: If the picture is not grey.
    """
    return _gradient_lines(gray, 0, thin=False)


def dilate(edges: np.ndarray, size: int) -> np.ndarray:
    """Replace every pixel by the largest of a square around it.

    Args:
        edges: (H, W), uint8 or float32.
        size: Pixels along a side of the square, odd; 0 and 1 change nothing.

    Returns:
        (H, W) in the type of ``edges``.

    Raises:
        ValueError: If the size is negative or even.
    """
    check_kernel_size(size)
    return edges if size <= 1 else cv2.dilate(edges, np.ones((size, size), np.uint8))


def check_kernel_size(size: int) -> None:
    """Raise ValueError if a number cannot be the side of a square around a pixel, or 0 for none."""
    if isinstance(size, bool) or int(size) != size or size < 0 or (size and size % 2 == 0):
        raise ValueError(f'dilation got {size!r}, expected 0 or an odd number of pixels')


def _check_gray(gray: np.ndarray, *types: type) -> None:
    if gray.ndim != 2 or gray.size == 0 or gray.dtype not in types:
        names = ' or '.join(np.dtype(each).name for each in types)
        raise ValueError(f'gray got {gray.dtype} {gray.shape}, expected (H, W) {names}')


def _gradient_lines(gray: np.ndarray, epsilon: float, thin: bool) -> np.ndarray:
    _check_gray(gray, np.uint8, np.float32)
    unit = np.float32(1 / 255 if gray.dtype == np.uint8 else 1)
    lines = np.empty(gray.shape, np.float32)
    padded = cv2.copyMakeBorder(gray, 2, 2, 2, 2, cv2.BORDER_REFLECT_101)
    _fill_lines(
        padded.astype(np.float32, copy=False),
        _GAUSSIAN * unit,
        _GAUSSIAN,
        np.float32(epsilon),
        thin,
        lines,
    )
    return lines


# OpenCV's float filters round differently in the middle of a row and at its end. In these loops a
# pixel's value does not depend on where it lies, and mirrored pictures have mirrored values. They
# hold three rows of every step, which stay in the cache.
@njit(cache=True, nogil=True)
def _fill_lines(
    padded: np.ndarray,
    down: np.ndarray,
    across: np.ndarray,
    epsilon: np.float32,
    thin: bool,
    lines: np.ndarray,
) -> None:
    height, width = lines.shape
    column_sums = np.empty(width + 4, np.float32)
    blurred = np.empty((3, width + 2), np.float32)
    gx, gy = np.empty((3, width), np.float32), np.empty((3, width), np.float32)
    length = np.zeros((3, width + 2), np.float32)
    nothing = np.zeros(width + 2, np.float32)
    flat = np.sqrt(epsilon)
    for step in range(height + 2):
        if step < height:
            _blur_row(padded[step : step + 5], down, across, column_sums, blurred[step % 3])
        row = step - 1
        if 0 <= row < height:
            _gradient_row(
                blurred[max(row - 1, 0) % 3],
                blurred[row % 3],
                blurred[min(row + 1, height - 1) % 3],
                epsilon,
                gx[row % 3],
                gy[row % 3],
                length[row % 3],
            )
        row = step - 2
        if row >= 0 and thin:
            above = length[(row - 1) % 3] if row > 0 else nothing
            below = length[(row + 1) % 3] if row < height - 1 else nothing
            _thin_row(gx[row % 3], gy[row % 3], above, length[row % 3], below, flat, lines[row])
        elif row >= 0:
            lines[row] = length[row % 3, 1:-1]


@njit(cache=True, nogil=True)
def _blur_row(
    rows: np.ndarray,
    down: np.ndarray,
    across: np.ndarray,
    column_sums: np.ndarray,
    blurred: np.ndarray,
) -> None:
    first, second, third, fourth, fifth = rows[0], rows[1], rows[2], rows[3], rows[4]
    for x in range(len(column_sums)):
        column_sums[x] = (
            down[2] * (first[x] + fifth[x]) + down[1] * (second[x] + fourth[x]) + down[0] * third[x]
        )
    width = len(column_sums) - 4
    for x in range(width):
        blurred[x + 1] = (
            across[2] * (column_sums[x] + column_sums[x + 4])
            + across[1] * (column_sums[x + 1] + column_sums[x + 3])
            + across[0] * column_sums[x + 2]
        )
    blurred[0], blurred[width + 1] = blurred[1], blurred[width]


@njit(cache=True, nogil=True)
def _gradient_row(
    above: np.ndarray,
    here: np.ndarray,
    below: np.ndarray,
    epsilon: np.float32,
    gx: np.ndarray,
    gy: np.ndarray,
    length: np.ndarray,
) -> None:
    two = np.float32(2)
    for x in range(len(gx)):
        right = (above[x + 2] - above[x]) + (below[x + 2] - below[x])
        right += two * (here[x + 2] - here[x])
        downwards = (below[x] - above[x]) + (below[x + 2] - above[x + 2])
        downwards += two * (below[x + 1] - above[x + 1])
        gx[x], gy[x] = right, downwards
        length[x + 1] = np.sqrt(right * right + downwards * downwards + epsilon)


@njit(cache=True, nogil=True)
def _thin_row(
    gx: np.ndarray,
    gy: np.ndarray,
    above: np.ndarray,
    here: np.ndarray,
    below: np.ndarray,
    flat: np.float32,
    lines: np.ndarray,
) -> None:
    for x in range(len(gx)):
        right, downwards = abs(gx[x]), abs(gy[x])
        level = downwards <= _TAN_22_5_DEG * right
        steep = right < _TAN_22_5_DEG * downwards
        falling = gx[x] * gy[x] > 0
        # Selections rather than branches: the compiler makes them eight pixels at a time.
        before = above[x] if falling else above[x + 2]
        before = above[x + 1] if steep else before
        before = here[x] if level else before
        after = below[x + 2] if falling else below[x]
        after = below[x + 1] if steep else after
        after = here[x + 2] if level else after
        value = here[x + 1]
        kept = (value > before) & (value >= after) & (value > flat)
        lines[x] = value if kept else np.float32(0)

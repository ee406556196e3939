"""Several pictures with captions on one sheet."""

from collections.abc import Sequence

import cv2
import numpy as np

_CAPTION_LINE_PX = 18
_GAP_PX = 6
_BACKGROUND = 255
_FONT_SCALE = 0.42


def contact_sheet(
    images: Sequence[np.ndarray],
    captions: Sequence[str] | None = None,
    columns: int = 4,
    tile: tuple[int, int] | None = None,
) -> np.ndarray:
    """Place pictures row by row, each fitted into a tile without distortion.

    Args:
        images: Pictures in shape (H, W, 3), uint8; sizes may differ.
        captions: One text per picture, written below it; ``'\\n'`` starts a new line.
        columns: Pictures per row.
        tile: Width and height of a tile in pixels; the largest picture by default.

    Returns:
        The sheet, shape (H, W, 3), uint8.

    Raises:
        ValueError: If there is no picture, or the number of captions differs from that of pictures.
    """
    if not images:
        raise ValueError('contact_sheet: got no images, expected at least 1')
    captions = [''] * len(images) if captions is None else list(captions)
    if len(captions) != len(images):
        raise ValueError(
            f'captions: got {len(captions)}, expected one for each of {len(images)} images'
        )
    if tile is None:
        tile = (max(image.shape[1] for image in images), max(image.shape[0] for image in images))
    width, height = tile
    texts = [_fit(caption, width) for caption in captions]
    caption_height = _CAPTION_LINE_PX * max(len(lines) for lines in texts)

    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    cell_height, cell_width = height + caption_height + _GAP_PX, width + _GAP_PX
    sheet = np.full(
        (rows * cell_height + _GAP_PX, columns * cell_width + _GAP_PX, 3), _BACKGROUND, np.uint8
    )
    for number, (image, lines) in enumerate(zip(images, texts, strict=True)):
        row, column = divmod(number, columns)
        top, left = row * cell_height + _GAP_PX, column * cell_width + _GAP_PX
        fitted = _fit_image(image, width, height)
        y, x = top + (height - fitted.shape[0]) // 2, left + (width - fitted.shape[1]) // 2
        sheet[y : y + fitted.shape[0], x : x + fitted.shape[1]] = fitted
        for line_number, line in enumerate(lines):
            baseline = top + height + _CAPTION_LINE_PX * (line_number + 1) - 5
            cv2.putText(
                sheet,
                line,
                (left + 2, baseline),
                cv2.FONT_HERSHEY_SIMPLEX,
                _FONT_SCALE,
                (0, 0, 0),
                1,
                cv2.LINE_AA,
            )
    return sheet


def _fit_image(image: np.ndarray, width: int, height: int) -> np.ndarray:
    scale = min(width / image.shape[1], height / image.shape[0])
    if scale == 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return cv2.resize(image, size, interpolation=interpolation)


def _text_width(text: str) -> int:
    return cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, _FONT_SCALE, 1)[0][0]


def _fit(caption: str, width: int) -> list[str]:
    """Lines of a caption, cut where a word no longer fits."""
    lines: list[str] = []
    for paragraph in caption.split('\n'):
        line = ''
        for word in paragraph.split(' '):
            candidate = f'{line} {word}' if line else word
            if line and _text_width(candidate) > width - 4:
                lines.append(line)
                candidate = word
            line = candidate
        lines.append(line)
    return lines

"""What a camera, a lens and a codec do to a picture."""

from functools import lru_cache

import cv2
import numpy as np

from .scene_style import Style

NOISE_LEVEL = 32.0
"""Standard deviation of the stored noise in grey levels."""


def photograph(image: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Apply the photographic effects of a style.

    Args:
        image: (H, W, 3) uint8 BGR.
        style: Their ranges and probabilities.
        rng: Source of randomness.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    height, width = image.shape[:2]
    # Rendered outlines are sharper than any lens draws them.
    image = cv2.GaussianBlur(image, (3, 3), rng.uniform(0.4, 0.8))
    if rng.random() < style.motion_blur:
        kernel = _motion_kernel(rng.uniform(*style.motion_blur_px), rng.uniform(0, np.pi))
        image = cv2.filter2D(image, -1, kernel)
    image = _tone(image, style, rng)
    strength = rng.uniform(*style.vignette)
    if strength > 0.03:
        image = cv2.multiply(image, _vignette(height, width, round(strength, 1)), dtype=cv2.CV_8U)
    resampled = rng.random() < style.resample
    small = image
    if resampled:
        factor = rng.uniform(*style.resample_factor)
        size = max(8, round(width * factor)), max(8, round(height * factor))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    small = _add_noise(small, rng.uniform(*style.noise), rng)
    if rng.random() < style.jpeg:
        quality = int(rng.uniform(*style.jpeg_quality))
        _, data = cv2.imencode('.jpg', small, [cv2.IMWRITE_JPEG_QUALITY, quality])
        small = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if resampled:
        small = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return small


def _tone(image: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    saturation = rng.uniform(*style.saturation)
    # Mixing with the grey picture is linear in the colours: one 3 x 3 matrix does both.
    grey = np.array([0.114, 0.587, 0.299])
    matrix = saturation * np.eye(3) + (1 - saturation) * np.ones((3, 1)) * grey
    warmth = 1 + rng.uniform(-style.white_balance, style.white_balance)
    gains = rng.uniform(*style.exposure) * np.array([1 / warmth, 1, warmth])
    contrast = rng.uniform(*style.contrast)
    matrix *= contrast * gains[:, None]
    offset = np.full((3, 1), 128 * (1 - contrast) * gains.mean())
    return cv2.transform(image, np.hstack([matrix, offset]))


def _motion_kernel(length: float, angle: float) -> np.ndarray:
    size = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((size, size), np.float32)
    centre = np.array([size // 2] * 2)
    reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    start, end = (np.rint(centre + sign * reach).astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0, 1)
    return kernel / kernel.sum()


@lru_cache(maxsize=32)
def _vignette(height: int, width: int, strength: float) -> np.ndarray:
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    factor = 1 - strength * (x**2 + y**2) / 2
    return np.repeat(factor[..., None], 3, axis=2).astype(np.float32)


def _add_noise(image: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    if sigma < 0.3:
        return image
    height, width = image.shape[:2]
    noise = _noise_bank()
    if height > noise.shape[0] or width > noise.shape[1]:
        noise = np.tile(noise, (-(-height // noise.shape[0]), -(-width // noise.shape[1]), 1))
    top = int(rng.integers(0, noise.shape[0] - height + 1))
    left = int(rng.integers(0, noise.shape[1] - width + 1))
    crop = noise[top : top + height, left : left + width]
    scale = sigma / NOISE_LEVEL
    return cv2.addWeighted(image, 1, crop, scale, -128 * scale)


@lru_cache(maxsize=1)
def _noise_bank() -> np.ndarray:
    # One fixed field, of which every picture takes a random part: drawing fresh noise would
    # take longer than rendering the people.
    rng = np.random.default_rng(0)
    noise = 128 + NOISE_LEVEL * rng.standard_normal((1100, 1400, 3), np.float32)
    return noise.clip(0, 255).astype(np.uint8)

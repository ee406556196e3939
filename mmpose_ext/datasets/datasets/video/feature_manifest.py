"""What a file of image features says about itself."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

import numpy as np

from mmpose_ext.synthetic.files import write_atomically

_VERSION = 1
_CROP_SCALE_TOLERANCE = 1e-6


def rows_crc32(video_ids: Sequence[str] | np.ndarray, frame_idx: Sequence[int] | np.ndarray) -> int:
    """Fingerprint of the rows of a clip file: which frame of which track comes where.

    Args:
        video_ids: Name of the track of every row, ``(N,)``.
        frame_idx: Number of the frame in its video, ``(N,)``.

    Returns:
        CRC-32, the same whatever the width of the arrays' types.
    """
    frames = np.ascontiguousarray(frame_idx, '<i8')
    if len(frames) != len(video_ids):
        raise ValueError(f'got {len(video_ids)} video_ids and {len(frames)} frame_idx')
    names = '\n'.join(map(str, np.asarray(video_ids).tolist()))
    return zlib.crc32(frames.tobytes(), zlib.crc32(names.encode()))


@dataclass(frozen=True)
class FeatureManifest:
    """Which frames, network and crops the rows of a ``.npy`` file of image features belong to.

    It lies beside the features: ``spin.json`` for ``spin.npy``, whose row i is the feature of
    row i of the clip file.

    Args:
        ann_file: Name of the clip file.
        ann_crc32: :func:`rows_crc32` of the clip file.
        rows: Frames, N.
        channels: Features of a frame, C.
        backbone: Free name of the network, such as ``'spin_resnet50'``.
        checkpoint: Name of the file with its weights.
        checkpoint_crc32: CRC-32 of that file.
        crop_scale: Side of the square crop in sides of the tight box's larger side.
        input_size: Side in pixels that the crop is resized to.
        crop: Kind of crop.
        settings_crc32: Fingerprint of all that the features depend on, images and boxes included.
        features_crc32: CRC-32 of the file of features.
        version: Grows when the same rows and settings give other features.
    """

    ann_file: str
    ann_crc32: int
    rows: int
    channels: int
    backbone: str
    checkpoint: str
    checkpoint_crc32: int
    crop_scale: float
    input_size: int
    crop: str = 'square'
    settings_crc32: int | None = None
    features_crc32: int | None = None
    version: int = _VERSION

    @staticmethod
    def path_for(feature_file: str | Path) -> Path:
        """The manifest that belongs to a file of features."""
        return Path(feature_file).with_suffix('.json')

    @classmethod
    def read(cls, feature_file: str | Path) -> 'FeatureManifest':
        """Read the manifest of a file of features.

        Args:
            feature_file: The ``.npy`` file, or its manifest.

        Raises:
            FileNotFoundError: If there is none.
            ValueError: If it is damaged, of another version, or not a manifest of features.
        """
        path = cls.path_for(feature_file)
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise FileNotFoundError(
                f'{path} is missing: the features of {feature_file} are not finished, or were '
                'not made by tools/dataset_converters/extract_features.py'
            ) from None
        except ValueError as error:
            raise ValueError(f'{path} is damaged ({error})') from error
        known = {field.name for field in fields(cls)}
        needed = {field.name for field in fields(cls) if field.default is MISSING} | {'version'}
        found = set(content) if isinstance(content, dict) else set()
        if not needed <= found <= known:
            raise ValueError(
                f'{path} is not a manifest of features: it lacks {sorted(needed - found)} and has '
                f'the unknown {sorted(found - known)}'
            )
        if content['version'] != _VERSION:
            raise ValueError(
                f'{path} is of version {content["version"]}, expected {_VERSION}; '
                'extract the features again'
            )
        return cls(**content)

    def write(self, feature_file: str | Path) -> Path:
        """Write it beside a file of features, whole or not at all.

        Returns:
            The manifest's path.
        """
        text = json.dumps(asdict(self), indent=1) + '\n'
        return write_atomically(self.path_for(feature_file), text.encode())

    def check(
        self,
        clip_file_rows_crc: int,
        rows: int,
        backbone: str | None = None,
        crop_scale: float | None = None,
        channels: int | None = None,
    ) -> None:
        """Refuse features that do not belong to a clip file or a model.

        Args:
            clip_file_rows_crc: :func:`rows_crc32` of the clip file.
            rows: Rows of the clip file.
            backbone: Expected name of the network; any if None.
            crop_scale: Expected scale of the crop; any if None.
            channels: Expected features of a frame; any if None.

        Raises:
            ValueError: If they do not fit; the message has everything that differs.
        """
        wrong = []
        if self.rows != rows:
            wrong.append(f'they have {self.rows} rows, expected {rows}')
        elif self.ann_crc32 != clip_file_rows_crc:
            wrong.append(
                f'their {rows} rows are other frames, or in another order (fingerprint '
                f'{self.ann_crc32}, expected {clip_file_rows_crc})'
            )
        if backbone is not None and self.backbone != backbone:
            wrong.append(f'they come from backbone {self.backbone!r}, expected {backbone!r}')
        if crop_scale is not None and abs(self.crop_scale - crop_scale) > _CROP_SCALE_TOLERANCE:
            wrong.append(f'their crop_scale is {self.crop_scale}, expected {crop_scale}')
        if channels is not None and self.channels != channels:
            wrong.append(f'they have {self.channels} channels, expected {channels}')
        if wrong:
            raise ValueError(
                f'features of {self.ann_file} do not fit: {"; ".join(wrong)}; extract them with '
                'tools/dataset_converters/extract_features.py'
            )

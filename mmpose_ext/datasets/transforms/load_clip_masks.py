import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmpose_ext.registry import TRANSFORMS

from .crop_clip import crop_matrices
from .mask_files import read_mask


@TRANSFORMS.register_module()
class LoadClipMasks(BaseTransform):
    """Read the foreground masks of a clip: grey PNG files, 0 to 255, soft or not, or run lengths.

    Required Keys:
        - mask_paths, and crops (:class:`CropClip`)

    Added Keys:
        - mask: (T, S, S) float32 in [0, 1], 0 outside of the images

    Args:
        input_size: Side S of the crops in pixels.
        cropped: The files hold crops already (any size, the square of :class:`CropClip` without
            jitter), instead of whole images.
        backend_args: Arguments of MMEngine's file backend.

    Raises:
        ValueError: If the size is not positive.
    """

    def __init__(
        self, input_size: int = 224, cropped: bool = False, backend_args: dict | None = None
    ) -> None:
        if input_size < 1:
            raise ValueError(f'input_size got {input_size!r}, expected at least 1')
        self.input_size = input_size
        self.cropped = cropped
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Read and cut.

        Raises:
            FileNotFoundError: If a mask is missing.
            ValueError: If the clip names no masks, was not cropped, a mask is damaged, or the first
                one has another size than its image.
        """
        for key, what in (('mask_paths', 'a clip file with mask_path'), ('crops', 'CropClip')):
            if key not in results:
                raise ValueError(f'{results.get("video_id")}: got no {key}, expected {what}')
        paths, crops, size = results['mask_paths'], results['crops'], self.input_size
        masks = np.empty((len(paths), size, size), np.float32)
        matrices = crop_matrices(crops, size)
        for t, path in enumerate(paths):
            mask = read_mask(path, self.backend_args)
            expected = results.get('ori_shape')
            if self.cropped:
                masks[t] = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)
            elif t == 0 and expected is not None and mask.shape != tuple(expected):
                raise ValueError(
                    f'mask {path!r} got height and width {mask.shape}, expected {tuple(expected)} '
                    f'as {results["img_paths"][0]!r} has: it was made for another image'
                )
            else:
                masks[t] = cv2.warpAffine(mask, matrices[t], (size, size), flags=cv2.INTER_LINEAR)
        results['mask'] = masks * np.float32(1 / 255)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, cropped={self.cropped}, '
            f'backend_args={self.backend_args})'
        )

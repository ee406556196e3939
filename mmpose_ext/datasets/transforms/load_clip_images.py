import numpy as np
from mmcv.transforms import BaseTransform

from mmpose_ext.registry import TRANSFORMS

from .crop_clip import read_image_bytes, warp_crop
from .image_bytes import decode_image, image_shape


@TRANSFORMS.register_module()
class LoadClipImages(BaseTransform):
    """Read the frames of a clip, each cut to its square crop in one warp.

    Required Keys:
        - img_paths, and crops (:class:`CropClip`)

    Added Keys:
        - img: (T, S, S, 3) uint8, BGR, black outside of the images
        - ori_shape: height and width of the first image
        - input_size: (S, S)

    Args:
        input_size: Side S of the crops in pixels.
        backend_args: Arguments of MMEngine's file backend.

    Raises:
        ValueError: If the size is not positive.
    """

    def __init__(self, input_size: int = 224, backend_args: dict | None = None) -> None:
        if input_size < 1:
            raise ValueError(f'input_size got {input_size!r}, expected at least 1')
        self.input_size = input_size
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Read and cut.

        Raises:
            FileNotFoundError: If an image is missing.
            ValueError: If the clip names no images, was not cropped, or an image is damaged.
        """
        for key, what in (('img_paths', 'a clip file with image_path'), ('crops', 'CropClip')):
            if key not in results:
                raise ValueError(f'{results.get("video_id")}: got no {key}, expected {what}')
        paths, crops = results['img_paths'], results['crops']
        size = self.input_size
        images = np.empty((len(paths), size, size, 3), np.uint8)
        for t, (path, crop) in enumerate(zip(paths, crops)):
            # A padded clip repeats its last frame.
            if t and path == paths[t - 1] and np.array_equal(crop, crops[t - 1]):
                images[t] = images[t - 1]
                continue
            data = read_image_bytes(path, self.backend_args)
            images[t] = warp_crop(data, path, crop, size)
            if t == 0:
                results['ori_shape'] = _shape(data)
        results['img'] = images
        results['input_size'] = (size, size)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, backend_args={self.backend_args})'
        )


def _shape(data: bytes) -> tuple[int, int]:
    shape = image_shape(data)
    if shape is None:
        image = decode_image(data)
        shape = image.shape[:2] if image is not None else (0, 0)
    return shape

import warnings
from pathlib import PurePosixPath

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.fileio import exists, get

from mmpose_ext.registry import TRANSFORMS

from .detect_edges import check_edge_key
from .image_bytes import is_truncated

EDGE_NAMING = '{stem}.png'
"""Name of an edge map: its image's path below the prefix, without the extension, as PNG."""


@TRANSFORMS.register_module()
class LoadEdgeMap(BaseTransform):
    """Read the edge map that was made for an image.

    The maps lie in a folder of their own, laid out as the images are:
    ``{img_prefix}/coco/train2017/1.jpg`` has its map at ``{edge_prefix}/coco/train2017/1.png``, as
    ``tools/dataset_converters/make_edges.py`` writes them.

    Required Keys:
        - img_path
        - img_shape

    Added Keys:
        - edge, or what ``key`` says: (H, W) float32 in [0, 1]

    Args:
        edge_prefix: Folder of the maps.
        img_prefix: Folder that all images lie in.
        naming: Path of a map below its folder; ``{path}`` is the image's path below its folder,
            ``{stem}`` the same without extension. ``'{path}'`` reads maps named as the images.
        missing: ``'error'``, or ``'zeros'`` for an empty map where there is no file.
        backend_args: Arguments of MMEngine's file backend.
        key: ``'edge'``, or ``'teacher_edge'`` for a teacher's map beside the student's.

    Raises:
        ValueError: If ``missing``, ``naming`` or ``key`` is unknown.
    """

    def __init__(
        self,
        edge_prefix: str = 'data/smpl_edges',
        img_prefix: str = 'data',
        naming: str = EDGE_NAMING,
        missing: str = 'error',
        backend_args: dict | None = None,
        key: str = 'edge',
    ) -> None:
        if missing not in ('error', 'zeros'):
            raise ValueError(f"missing got {missing!r}, expected 'error' or 'zeros'")
        edge_file_name('image.jpg', '', naming)
        check_edge_key(key)
        self.edge_prefix = edge_prefix
        self.img_prefix = img_prefix
        self.naming = naming
        self.missing = missing
        self.backend_args = backend_args
        self.key = key
        self._warned = False

    def transform(self, results: dict) -> dict:
        """Read the map.

        Raises:
            FileNotFoundError: If there is no map, unless missing ones are empty.
            ValueError: If the file is damaged, or its size is not that of the image.
        """
        name = edge_file_name(results['img_path'], self.img_prefix, self.naming)
        path = f'{self.edge_prefix.rstrip("/")}/{name}'
        shape = tuple(results['img_shape'][:2])
        if self.missing == 'zeros' and not exists(path, self.backend_args):
            self._warn(path)
            results[self.key] = np.zeros(shape, np.float32)
            return results
        edge = self._read(path)
        if edge.shape != shape:
            raise ValueError(
                f'edge map {path!r} got height and width {edge.shape}, expected {shape} as '
                f'{results["img_path"]!r} has: it was made for another image'
            )
        results[self.key] = edge * np.float32(1 / 255)
        return results

    def _read(self, path: str) -> np.ndarray:
        try:
            data = get(path, self.backend_args)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f'edge map {path!r} does not exist. Make the maps with '
                "tools/dataset_converters/make_edges.py, or set missing='zeros'"
            ) from error
        content = np.frombuffer(data, np.uint8)
        edge = None
        if content.size and not is_truncated(data):
            edge = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
        if edge is None:
            raise ValueError(f'edge map {path!r} is damaged ({len(data)} bytes)')
        return edge

    def _warn(self, path: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(f'no edge map {path!r}: it is empty, as all missing ones', stacklevel=3)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(edge_prefix={self.edge_prefix!r}, '
            f'img_prefix={self.img_prefix!r}, naming={self.naming!r}, missing={self.missing!r}, '
            f'backend_args={self.backend_args}, key={self.key!r})'
        )


def edge_file_name(img_path: str, img_prefix: str, naming: str = EDGE_NAMING) -> str:
    """Path of an image's edge map below the folder of the maps.

    Args:
        img_path: The image.
        img_prefix: Folder that all images lie in; empty for paths as they are.
        naming: See :class:`LoadEdgeMap`.

    Returns:
        The path, with slashes.

    Raises:
        ValueError: If the image does not lie in the folder, or the naming has an unknown
            placeholder or none.
    """
    prefix = img_prefix.rstrip('/') + '/' if img_prefix else ''
    path = PurePosixPath(img_path.removeprefix(prefix))
    if not img_path.startswith(prefix) or '..' in path.parts:
        raise ValueError(f'image {img_path!r} does not lie in img_prefix {img_prefix!r}')
    try:
        name = naming.format(path=path, stem=path.with_suffix(''))
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"naming got {naming!r}, expected '{{path}}' or '{{stem}}'") from error
    if name == naming:
        raise ValueError(f"naming got {naming!r}, expected '{{path}}' or '{{stem}}' in it")
    return name

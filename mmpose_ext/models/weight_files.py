"""Reading files of weights, without ever running code that a file may carry."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import barrier, is_main_process
from mmengine.fileio import get_local_path
from torch import Tensor

StateDict = dict[str, Tensor]


def read_weights(owner: str, checkpoint: str | Path, advice: str) -> StateDict:
    """Read the weights of a model.

    Args:
        owner: Whose weights they are, such as ``teacher 'coco'``: the start of error messages.
        checkpoint: File, URL or object store address. A URL is downloaded once into PyTorch's
            cache.
        advice: What to do where there is no such file, for the error message.

    Returns:
        The weights by name, without what training tools put around them: a ``state_dict`` entry,
        and the ``module.`` of ``DataParallel`` before every name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or holds anything but weights and plain data.
    """
    content = read_plain_data(owner, checkpoint, advice)
    weights = content.get('state_dict', content) if isinstance(content, dict) else content
    if not isinstance(weights, dict) or not all(isinstance(key, str) for key in weights):
        raise ValueError(
            f'{owner}: checkpoint {str(checkpoint)!r} got a {type(weights).__name__}, expected '
            'weights by name'
        )
    if all(key.startswith('module.') for key in weights):
        return {key.removeprefix('module.'): value for key, value in weights.items()}
    return dict(weights)


def read_plain_data(owner: str, checkpoint: str | Path, advice: str) -> Any:
    """Read a PyTorch file as it is.

    Args:
        owner: See :func:`read_weights`.
        checkpoint: See :func:`read_weights`.
        advice: See :func:`read_weights`.

    Returns:
        The file's content, tensors on the CPU.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or holds anything but weights and plain data.
    """
    with local_copy(owner, checkpoint, advice) as path:
        try:
            return torch.load(path, map_location='cpu', weights_only=True)
        except Exception as error:
            raise ValueError(
                f'{owner}: checkpoint {str(checkpoint)!r} got refused, expected a file that holds '
                f'weights and plain data only. {error}'
            ) from error


@contextlib.contextmanager
def local_copy(owner: str, checkpoint: str | Path, advice: str) -> Iterator[Path]:
    """Have a file of weights on this machine.

    Args:
        owner: See :func:`read_weights`.
        checkpoint: See :func:`read_weights`.
        advice: See :func:`read_weights`.

    Yields:
        Its path, inside the ``with`` statement.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    address = str(checkpoint)
    if address.startswith(('http://', 'https://')):
        address = str(_download(address))
    if '://' not in address and not Path(address).is_file():
        raise FileNotFoundError(
            f'{owner}: checkpoint got {address!r}, expected an existing file. {advice}'
        )
    with get_local_path(address) as path:
        yield Path(path)


def _download(url: str) -> Path:
    path = Path(torch.hub.get_dir()) / 'checkpoints' / Path(url).name
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_main_process() and not path.is_file():
        torch.hub.download_url_to_file(url, str(path))
    barrier()
    # Of several machines, all but the first have no file yet.
    if not path.is_file():
        torch.hub.download_url_to_file(url, str(path))
    return path

"""Where the shipped configs lie."""

import difflib
from pathlib import Path

_CONFIGS = Path(__file__).parent / '.mim' / 'configs'


def cfg(path: str) -> str:
    """Absolute path of a shipped config, for ``_base_`` lines of configs anywhere.

    It is the form that works from a clone, a wheel and an editable install alike::

        _base_ = __import__('mmpose_ext').cfg('unified_rtmpose_s.py')

    Args:
        path: Path below ``configs/``.

    Returns:
        The absolute path.

    Raises:
        FileNotFoundError: If there is no such config; the message names the closest ones.
    """
    if not _CONFIGS.is_dir():
        raise FileNotFoundError(
            f'{_CONFIGS} is missing. It is a symbolic link in a clone: clone with symbolic links '
            'enabled (on Windows: git config core.symlinks true), or install the wheel'
        )
    file = _CONFIGS / path
    if not file.is_file():
        known = sorted(str(p.relative_to(_CONFIGS)) for p in _CONFIGS.rglob('*.py'))
        close = difflib.get_close_matches(path, known, n=5, cutoff=0.5)
        raise FileNotFoundError(
            f'no config {path!r} in mmpose_ext, '
            + (f'did you mean {", ".join(close)}?' if close else f'expected one of {known}')
        )
    return str(file.resolve())

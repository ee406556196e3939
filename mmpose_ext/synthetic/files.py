"""Files that are either complete or absent."""

import json
import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> Path:
    """Write a file so that a reader, or a run after a crash, never sees half of it.

    Args:
        path: The file; its folder is made.
        content: Its bytes.

    Returns:
        ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.tmp-{os.getpid()}')
    temporary.write_bytes(content)
    os.replace(temporary, path)
    return path


def remove_unfinished(folder: Path) -> None:
    """Remove what writers that were killed left in a folder."""
    for path in folder.glob('.*.tmp-*'):
        path.unlink(missing_ok=True)


def dump_json(value: object) -> bytes:
    """Encode compactly, the same bytes for the same value."""
    return json.dumps(value, separators=(',', ':')).encode()

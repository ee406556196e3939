import os
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@pytest.fixture
def toy_config(tmp_path) -> Path:
    """The toy config in a folder with a space in its name."""
    folder = tmp_path / 'my configs'
    folder.mkdir()
    config = folder / 'toy.py'
    config.write_text((HERE / 'toy_config.py').read_text())
    return config


@pytest.fixture(scope='session')
def run_tool(run_command) -> Callable:
    """Run a script of ``tools/`` with the toy model importable, away from the repository."""

    def run(
        tool: str, *arguments: str | Path, cwd: Path, environment: dict | None = None, **kwargs
    ):
        start = ['python'] if tool.endswith('.py') else []
        paths = {'PYTHONPATH': f'{ROOT}{os.pathsep}{HERE}'} | (environment or {})
        return run_command(
            *start, ROOT / 'tools' / tool, *arguments, environment=paths, cwd=cwd, **kwargs
        )

    return run

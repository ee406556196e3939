"""Print what is installed, what works, and what to do about the rest.

Every check runs in a process of its own: a library that crashes while it is imported becomes a row
of the table.
"""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

try:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table
except ImportError:
    sys.exit('rich is not installed in this Python. Run `make setup`, then .venv/bin/python here.')

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Check:
    """Something to look for.

    Args:
        name: First column.
        code: Python that prints what was found, and fails where it does not work.
        advice: What to do then.
        needed: Whether nothing works without it.
    """

    name: str
    code: str
    advice: str
    needed: bool = True


def version_of(distribution: str, test: str) -> str:
    return f'{test}\nfrom importlib.metadata import version\nprint(version({distribution!r}))'


SETUP = 'make setup'
CHECKS = (
    Check(
        'Python',
        'import sys; assert (3, 10) <= sys.version_info[:2] <= (3, 12); '
        'print(sys.version.split()[0])',
        'use Python 3.10 to 3.12: make setup PYTHON=python3.11',
    ),
    Check(
        'PyTorch',
        'import torch\nassert tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 6)\n'
        'print(torch.__version__)',
        f'{SETUP}; older than 2.6 is not supported',
    ),
    Check(
        'torchvision',
        'import mmpose_ext, torchvision; print(torchvision.__version__)',
        'install the one of the same index as PyTorch; 0.28 belongs to 2.13',
    ),
    Check('numpy', 'import numpy; print(numpy.__version__)', SETUP),
    Check('OpenCV', 'import cv2; print(cv2.__version__)', 'pip install opencv-python-headless'),
    Check(
        'OpenCV distributions',
        'from importlib.metadata import distributions\n'
        'found = [d.metadata["Name"] for d in distributions() '
        'if d.metadata["Name"].startswith("opencv")]\n'
        'assert len(found) == 1, found\nprint(found[0])',
        'uninstall all of them, then install one: they overwrite each other',
        needed=False,
    ),
    Check('MMEngine', version_of('mmengine', 'import mmengine.runner'), SETUP),
    Check(
        'MMCV operators',
        version_of('mmcv', 'import mmcv.ops'),
        'rebuild for this PyTorch: MMCV_WITH_OPS=1 pip install --no-deps --no-build-isolation '
        '--no-cache-dir --force-reinstall mmcv==2.1.0',
    ),
    Check(
        'xtcocotools',
        version_of('xtcocotools', 'import xtcocotools.mask'),
        'rebuild for this numpy: pip install --no-deps --no-build-isolation --no-cache-dir '
        '--force-reinstall --no-binary xtcocotools xtcocotools==1.14.3',
    ),
    Check('MMDetection', version_of('mmdet', 'import mmpose_ext, mmdet'), SETUP),
    Check('MMPose', version_of('mmpose', 'import mmpose_ext, mmpose.apis'), SETUP),
    Check(
        'mmpose_ext',
        'from mmpose_ext import utils, __version__; utils.register_all_modules(); '
        'print(__version__)',
        'pip install --no-deps --no-build-isolation -e .',
    ),
    Check(
        'configs in the package',
        'import mmpose_ext; print(mmpose_ext.cfg("_base_/default_runtime.py"))',
        'clone with symbolic links: git config core.symlinks true, git checkout -- mmpose_ext/.mim',
    ),
    Check(
        'GPU',
        'import torch; assert torch.cuda.is_available()\n'
        'print(torch.cuda.device_count(), "x", torch.cuda.get_device_name(0))',
        'none: everything runs on CPU, training real data takes a GPU',
        needed=False,
    ),
    Check(
        'several processes',
        'import torch.distributed as d; assert d.is_available()\n'
        'print("nccl, gloo" if d.is_nccl_available() else "gloo (CPU)")',
        'this PyTorch was built without torch.distributed',
        needed=False,
    ),
    Check(
        'ONNX export',
        'import onnx, onnxruntime; print(onnx.__version__, onnxruntime.__version__)',
        'pip install -c requirements/constraints.txt onnx onnxruntime',
        needed=False,
    ),
)


def run_check(check: Check) -> tuple[bool, str]:
    """Whether a check passes, and what it printed or failed with."""
    result = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', check.code],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    lines = (result.stdout if result.returncode == 0 else result.stderr).strip().splitlines()
    last = lines[-1] if lines else f'ended with code {result.returncode}'
    return result.returncode == 0, last.removeprefix('AssertionError').removeprefix(': ')


def data_rows() -> Iterator[tuple[bool, str, str, str]]:
    """Whether the data lie where the configs look for them."""
    for name, path, advice in (
        (
            'COCO',
            'data/coco/annotations/person_keypoints_train2017.json',
            'https://cocodataset.org',
        ),
        ('MPII', 'data/mpii/annotations/mpii_train.json', 'http://human-pose.mpi-inf.mpg.de'),
        (
            'Halpe',
            'data/halpe/annotations/halpe_val_v1.json',
            'https://github.com/Fang-Haoshu/Halpe-FullBody',
        ),
        ('SMPL', 'data/body_models/smpl', 'https://smpl.is.tue.mpg.de; the stand-in serves else'),
        (
            'synthetic people',
            'data/synthetic',
            'python tools/make_synthetic.py pose --out data/synthetic',
        ),
    ):
        yield (ROOT / path).exists(), name, path, advice


def main() -> None:
    console = Console()
    table = Table(title='mmpose_ext environment')
    for column in ('what', 'found', '', 'what to do'):
        table.add_column(column, overflow='fold')
    failed = False
    # Two at a time, because each import takes seconds and memory.
    with console.status('looking'), ThreadPoolExecutor(2) as pool:
        for check, (passed, found) in zip(CHECKS, pool.map(run_check, CHECKS)):
            failed |= check.needed and not passed
            state = '[green]ok' if passed else '[red]broken' if check.needed else '[yellow]-'
            table.add_row(check.name, escape(found), state, '' if passed else escape(check.advice))
    table.add_section()
    for exists, name, path, advice in data_rows():
        table.add_row(name, path, '[green]ok' if exists else '-', '' if exists else escape(advice))
    console.print(table)
    if failed:
        console.print('[red]Something needed is broken, see the last column.')
    sys.exit(int(failed))


if __name__ == '__main__':
    main()

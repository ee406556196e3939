"""Make the virtual environment with everything in it: what ``make setup`` runs.

Each step is checked by importing what it installed, so that a step that was killed half-way is
done again, and one that is complete is not. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / 'requirements'
SUPPORTED = ((3, 10), (3, 12))
FREE_GB = 12
FREE_GB_CPU = 4
PROGRESS_EVERY_S = 30
MB_PER_COMPILER = 1500
# pip keeps what it compiled and does not know for which PyTorch or numpy.
FRESH = ('--no-cache-dir', '--force-reinstall')

# Importing MMCV's operators and running one tells whether it was compiled for this PyTorch.
CHECK_MMCV = """
import numpy, torch
from mmcv.ops import nms
assert len(nms(torch.tensor([[0., 0., 2., 2.]]), torch.ones(1), 0.5)[1]) == 1
"""
CHECK_XTCOCOTOOLS = """
import numpy
from xtcocotools import mask
assert mask.area(mask.encode(numpy.asfortranarray(numpy.eye(3, dtype='uint8')))) == 3
"""
CHECK_ALL = """
import mmpose_ext, mmdet, mmpose.apis
from mmengine.runner import Runner
"""
# The versions that are installed, without importing anything large.
LIST_VERSIONS = """
from importlib import metadata
for name in ('torch', 'mmengine', 'mmcv', 'xtcocotools', 'mmdet', 'mmpose', 'mmpose-ext'):
    print(name, metadata.version(name))
"""


class SetupError(Exception):
    """A step failed; the message says what to do."""


class Environment:
    """A virtual environment, and the folder for logs and stamps inside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / 'bin' / 'python'
        self.state = folder / '.setup'
        self.constraints = self.state / 'constraints.txt'

    def output(self, code: str) -> str | None:
        """What a piece of Python prints, or None where it fails."""
        if not self.python.exists():
            return None
        result = subprocess.run(
            [str(self.python), '-W', 'ignore', '-c', code],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=str(self.folder),
            text=True,
        )
        return result.stdout.strip() if result.returncode == 0 else None

    def works(self, code: str) -> bool:
        return self.output(code) is not None

    def pip(self, step: str, *arguments: str, **variables: str) -> None:
        """Install and show the time that passes; the output goes to a log.

        Raises:
            SetupError: If pip fails.
        """
        command = [str(self.python), '-m', 'pip', 'install', *arguments]
        environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK='1')
        environment.pop('PYTHONPATH', None)
        environment.update(variables)
        if self.constraints.exists():
            # Not PIP_CONSTRAINT, which is split at spaces.
            command += ['-c', str(self.constraints)]
        # Compilers are looked for beside the interpreter first: ninja is installed there.
        environment['PATH'] = f'{self.python.parent}{os.pathsep}{environment["PATH"]}'
        log = self.state / f'{step.split()[0]}.log'
        with log.open('w') as file:
            file.write(f'$ {" ".join(command)}\n')
            file.flush()
            code = _run_with_clock(step, command, environment, file)
        if code != 0:
            raise SetupError(_explain(step, log))


def _run_with_clock(step: str, command: list, environment: dict, file) -> int:
    started = time.monotonic()
    shown = started
    process = subprocess.Popen(
        command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment
    )
    try:
        while process.poll() is None:
            time.sleep(0.2)
            now = time.monotonic()
            if sys.stdout.isatty():
                print(f'\r\x1b[2K  {step}: {_clock(now - started)}', end='', flush=True)
            elif now - shown >= PROGRESS_EVERY_S:
                shown = now
                print(f'  {step}: still running, {_clock(now - started)}', flush=True)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    head = '\r\x1b[2K' if sys.stdout.isatty() else ''
    outcome = 'done' if process.returncode == 0 else 'FAILED'
    print(f'{head}  {step}: {outcome} in {_clock(time.monotonic() - started)}', flush=True)
    return process.returncode


def _clock(seconds: float) -> str:
    return f'{int(seconds) // 60}:{int(seconds) % 60:02d}'


def _explain(step: str, log: Path) -> str:
    text = log.read_text(errors='replace')
    advice = 'The log above says why; the same command continues with this step.'
    for pattern, words in (
        (
            r'Temporary failure in name resolution|Failed to establish a new connection|'
            r'Network is unreachable|Read timed out|ConnectionError|SSLError',
            'The package index is out of reach: check the network, or name a mirror with '
            'PIP_INDEX_URL=…, then run the same command again.',
        ),
        (r'No space left on device', 'The disk is full: free some space and run it again.'),
        (
            r'Killed signal|fatal error: Killed|internal compiler error',
            'The compiler ran out of memory: run it again with MAX_JOBS=1 before the command.',
        ),
        (r'Python\.h: No such file', 'Python headers are missing: apt-get install python3-dev'),
        (r'No matching distribution found', 'The index has no such version for this Python.'),
    ):
        if re.search(pattern, text):
            advice = words
            break
    tail = '\n'.join(text.splitlines()[-25:])
    return f'{tail}\n\nerror: step {step!r} failed, its log is {log}.\n{advice}'


def check_machine(folder: Path, python_needed: bool) -> None:
    """Look for what cannot be installed from here.

    Raises:
        SetupError: Naming what is missing and the command that provides it.
    """
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        raise SetupError(
            f'{sys.executable} is Python {sys.version.split()[0]}, expected 3.10 to 3.12. '
            'Name another one: make setup PYTHON=python3.11'
        )
    missing = [tool for tool in ('gcc', 'g++') if shutil.which(tool) is None]
    if missing:
        raise SetupError(
            f'{" and ".join(missing)} not found; MMCV and xtcocotools are compiled. '
            'On Debian or Ubuntu: apt-get install build-essential'
        )
    if not (Path(sysconfig.get_paths()['include']) / 'Python.h').exists():
        raise SetupError(
            'Python.h not found; MMCV and xtcocotools are compiled. '
            'On Debian or Ubuntu: apt-get install python3-dev'
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        if python_needed:
            raise SetupError(
                'this Python cannot make virtual environments. '
                'On Debian or Ubuntu: apt-get install python3-venv'
            ) from None
    free = shutil.disk_usage(folder if folder.exists() else folder.parent).free / 1e9
    if free < FREE_GB_CPU:
        raise SetupError(f'{free:.0f} GB free for {folder}, expected {FREE_GB_CPU} GB or more')
    if free < FREE_GB:
        print(f'  note: {free:.0f} GB free; a CUDA build of PyTorch needs about {FREE_GB} GB')


def signature(torch: str) -> str:
    """Changes with everything that decides what gets installed."""
    texts = [file.read_text() for file in sorted(REQUIREMENTS.glob('*.txt'))]
    parts = [*texts, Path(__file__).read_text(), (ROOT / 'pyproject.toml').read_text(), torch]
    return hashlib.sha256('\0'.join(parts).encode()).hexdigest()


def pins() -> dict:
    """The exact versions of ``requirements/constraints.txt`` by name."""
    lines = (REQUIREMENTS / 'constraints.txt').read_text().splitlines()
    return dict(line.split('==') for line in lines if '==' in line and ';' not in line)


def write_constraints(environment: Environment) -> None:
    """Pin everything, and PyTorch to what is installed: no later step may replace it."""
    lines = (REQUIREMENTS / 'constraints.txt').read_text().splitlines()
    kept = [line for line in lines if not re.match(r'torch(vision)?==', line)]
    version = environment.output('from importlib.metadata import version; print(version("torch"))')
    if version:
        kept.append(f'torch=={version}')
    environment.constraints.write_text('\n'.join(kept) + '\n')


def make_virtual_environment(environment: Environment) -> None:
    if environment.works('import pip'):
        return
    if environment.folder.exists() and not (environment.folder / 'pyvenv.cfg').exists():
        raise SetupError(f'{environment.folder} exists and is no virtual environment: remove it')
    print(f'  virtual environment {environment.folder}', flush=True)
    subprocess.run([sys.executable, '-m', 'venv', '--clear', str(environment.folder)], check=True)
    environment.state.mkdir(parents=True, exist_ok=True)


def install_torch(environment: Environment, requested: str) -> None:
    version = environment.output('import torch; print(torch.__version__)')
    wanted = re.search(r'\btorch==([\w.]+)', requested)
    keeps = version and (wanted is None or version.split('+')[0] == wanted.group(1).split('+')[0])
    if not keeps:
        asked = shlex.split(requested) or [f'torch=={pins()["torch"]}']
        environment.constraints.write_text(f'setuptools=={pins()["setuptools"]}\n')
        environment.pip('torch (CUDA builds are 3 GB)', *asked)
        version = environment.output('import torch; print(torch.__version__)')
    write_constraints(environment)
    if not environment.works('import importlib.metadata as m; m.version("torchvision")'):
        # torchvision 0.(n + 15) belongs to PyTorch 2.n.
        minor = int(version.split('.')[1]) + 15
        exact = pins()['torchvision']
        wanted_vision = exact if exact.startswith(f'0.{minor}.') else f'0.{minor}.*'
        environment.pip('torchvision', '--no-deps', f'torchvision=={wanted_vision}')


def install_mmcv(environment: Environment) -> None:
    if environment.works(CHECK_MMCV):
        return
    cores = os.cpu_count() or 1
    memory_mb = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**20
    jobs = max(1, min(cores, int(memory_mb / MB_PER_COMPILER)))
    build = {'MMCV_WITH_OPS': '1', 'MAX_JOBS': os.environ.get('MAX_JOBS', str(jobs))}
    cuda = environment.output('import torch; print(torch.version.cuda or "")')
    if cuda and shutil.which('nvcc', path=_cuda_path()):
        build['FORCE_CUDA'] = '1'
    elif cuda:
        # With a GPU in sight, the build asks for nvcc.
        build['CUDA_VISIBLE_DEVICES'] = ''
        print(
            f'  note: no nvcc, so MMCV gets CPU operators only. RTMPose needs none on the GPU; '
            f'for others install the CUDA {cuda} toolkit and run this again.'
        )
    print(
        f'  MMCV is compiled on {build["MAX_JOBS"]} cores: about 12 minutes on 2 cores. '
        'pip keeps the wheel, so the next environment has it in seconds.',
        flush=True,
    )
    arguments = ('-v', '--no-deps', '--no-build-isolation', f'mmcv=={pins()["mmcv"]}')
    environment.pip('mmcv', *arguments, **build)
    if not environment.works(CHECK_MMCV):
        print('  the kept wheel was compiled for another PyTorch: compiling again', flush=True)
        environment.pip('mmcv again', *arguments, *FRESH, **build)
    if not environment.works(CHECK_MMCV):
        raise SetupError(
            'MMCV is installed, but its operators cannot be imported:\n'
            f'    {environment.python} -c "import mmcv.ops"\nshows why.'
        )


def _cuda_path() -> str:
    home = os.environ.get('CUDA_HOME', '/usr/local/cuda')
    return f'{os.environ["PATH"]}{os.pathsep}{home}/bin'


def install_xtcocotools(environment: Environment) -> None:
    source = ('--no-deps', '--no-build-isolation', '--no-binary', 'xtcocotools')
    for cache in ((), FRESH):
        if environment.works(CHECK_XTCOCOTOOLS):
            return
        environment.pip('xtcocotools', *source, *cache, f'xtcocotools=={pins()["xtcocotools"]}')
    if not environment.works(CHECK_XTCOCOTOOLS):
        raise SetupError('xtcocotools was compiled, but it does not work with the numpy here')


def install(environment: Environment, requested_torch: str) -> None:
    """Go through all steps; each returns at once where nothing is to do."""
    make_virtual_environment(environment)
    environment.state.mkdir(exist_ok=True)
    install_torch(environment, requested_torch)
    lists = [f'-r{REQUIREMENTS / name}.txt' for name in ('runtime', 'optional', 'tests')]
    environment.pip('requirements', 'setuptools', 'wheel', 'ninja', 'cython', *lists)
    if not environment.works('import cv2'):
        environment.pip('opencv', '--no-deps', 'opencv-python-headless')
    environment.pip('mmengine', '--no-deps', 'mmengine')
    install_mmcv(environment)
    install_xtcocotools(environment)
    environment.pip('mmdet and mmpose', '--no-deps', 'mmdet', 'mmpose')
    environment.pip('mmpose_ext', '--no-deps', '--no-build-isolation', '-e', str(ROOT))
    if not environment.works(CHECK_ALL):
        raise SetupError(
            'everything is installed, but it does not work together:\n'
            f'    {environment.python} tools/check_env.py\nshows what is wrong.'
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--venv', type=Path, default=ROOT / '.venv', help='where it lies')
    parser.add_argument(
        '--torch',
        default='',
        help='what to ask pip for instead of the tested PyTorch, for example '
        '"torch==2.13.0 torchvision==0.28.0 --index-url https://download.pytorch.org/whl/cu130"',
    )
    arguments = parser.parse_args()
    environment = Environment(arguments.venv.absolute())
    stamp = environment.state / 'complete'
    expected = signature(arguments.torch)
    versions = environment.output(LIST_VERSIONS) if stamp.exists() else None
    if versions and stamp.read_text() == f'{expected}\n{versions}\n':
        return
    try:
        check_machine(environment.folder, not environment.python.exists())
        print(f'Setting up {environment.folder}', flush=True)
        # Two at a time would break each other's packages.
        with (ROOT / 'Makefile').open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            install(environment, arguments.torch)
            versions = environment.output(LIST_VERSIONS)
            stamp.write_text(f'{expected}\n{versions}\n')
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit('\nstopped; the same command continues')
    print('Set up.', flush=True)


if __name__ == '__main__':
    main()

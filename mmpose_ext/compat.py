"""Cures for running MMPose 1.3.2 and MMEngine 0.10.7 on current PyTorch, Python and setuptools.

Importing ``mmpose_ext`` applies them all. Each is one function that states the symptom, the cause
and where upstream discusses it, and that does nothing where it is not needed.
"""

import functools
import importlib.metadata
import importlib.util
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import mmengine
import numpy as np
import torch
from mmengine.config import utils as config_utils
from mmengine.dist import utils as dist_utils
from mmengine.fileio.backends import LocalBackend
from mmengine.logging import print_log
from mmengine.logging.history_buffer import HistoryBuffer
from mmengine.utils import package_utils

# The operators exist as long as the library object that declares them.
_torchvision_library: list[torch.library.Library] = []


def apply() -> None:
    """Apply every cure once; calling it again changes nothing."""
    define_torchvision_operators()
    allow_mmengine_checkpoints()
    start_gloo_without_accelerator()
    find_packages_by_import()
    accept_package_in_configs()
    write_files_atomically()


def define_torchvision_operators() -> None:
    """Let a CUDA build of torchvision be imported beside a CPU build of PyTorch.

    Symptom: ``RuntimeError: operator torchvision::nms does not exist`` at ``import torchvision``,
    thus at ``import mmpose.apis``. Cause: PyPI's torchvision is a CUDA build; its C++ library
    does not load without CUDA's, and the shapes of two of its operators are declared all the
    same. MMPose uses only torchvision's image transforms, and MMCV's own operators.
    Thread: https://github.com/pytorch/vision/issues/9085
    """
    spec = importlib.util.find_spec('torchvision')
    if torch.version.cuda or spec is None or _torchvision_library:
        return
    version = (Path(spec.origin).parent / 'version.py').read_text()
    if '+cu' in version and not hasattr(torch.ops.torchvision, 'nms'):
        library = torch.library.Library('torchvision', 'FRAGMENT')
        for name in ('nms', 'qnms'):
            library.define(f'{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')
        _torchvision_library.append(library)


def allow_mmengine_checkpoints() -> None:
    """Let ``torch.load`` read the checkpoints of MMEngine's runner with ``weights_only=True``.

    Symptom: ``UnpicklingError: Weights only load failed`` since PyTorch 2.6. Cause: the runner
    stores its log history and the keypoint sigmas as numpy arrays beside the weights, written by
    numpy 1 or 2, whose modules are named differently. Only classes that hold numbers are added
    to the allow-list. ``HistoryBuffer`` also needs ``getattr`` for the names of its own methods:
    a stand-in is allowed in its place that answers for nothing else.
    Thread: https://github.com/open-mmlab/mmengine/issues/1655
    """
    if not hasattr(torch.serialization, 'add_safe_globals'):
        return
    # numpy 1.26 has a `_core` as well, with nothing in it.
    multiarray = np.core.multiarray if np.__version__ < '2' else np._core.multiarray
    functions = [
        (function, f'numpy.{core}.multiarray.{function.__name__}')
        for function in (multiarray._reconstruct, multiarray.scalar)
        for core in ('core', '_core')
    ]
    kinds = ('f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', '?', 'U', 'S')
    torch.serialization.add_safe_globals(
        [HistoryBuffer, np.ndarray, np.dtype, (_history_method, 'builtins.getattr')]
        + functions
        + list({type(np.dtype(kind)) for kind in kinds})
    )


def _history_method(owner: Any, name: str) -> Callable:
    if owner is not HistoryBuffer or name.startswith('_'):
        raise ValueError(
            f'the checkpoint asks for attribute {name!r} of {type(owner).__name__} {owner!r:.60}, '
            'expected a method of HistoryBuffer. MMEngine did not write it: do not trust it'
        )
    return getattr(owner, name)


def start_gloo_without_accelerator() -> None:
    """Let every launcher (pytorch, slurm, mpi) start processes on machines without accelerator.

    Symptom: ``module 'torch._C' has no attribute '_cuda_setDevice'`` when several processes start
    on CPU, then ``device_ids`` errors from DistributedDataParallel, then ``SyncBatchNorm expected
    input tensor to be on GPU``. Cause: MMEngine takes an accelerator for granted. Here such a
    process group runs on gloo, models are wrapped without device, and synchronised batch norm
    becomes plain batch norm, which the log states.
    """
    for name in ('_init_dist_pytorch', '_init_dist_slurm', '_init_dist_mpi'):
        start = getattr(dist_utils, name)
        if not hasattr(start, '__wrapped__'):
            setattr(dist_utils, name, _with_gloo(start))


def _with_gloo(start: Callable) -> Callable:
    @functools.wraps(start)
    def start_group(backend: str, **kwargs) -> None:
        save_weights_by_their_own_names()
        accelerators = (torch.cuda, getattr(torch, 'npu', None), getattr(torch, 'mlu', None))
        if any(device is not None and device.is_available() for device in accelerators):
            start(backend, **kwargs)
            return
        with mock.patch.object(torch.cuda, 'set_device', lambda device: None):
            start('gloo' if backend == 'nccl' else backend, **kwargs)
        _wrap_cpu_models_without_device()

    return start_group


def _wrap_cpu_models_without_device() -> None:
    from mmengine.model import MMDistributedDataParallel, revert_sync_batchnorm

    wrap = MMDistributedDataParallel.__init__
    if hasattr(wrap, '__wrapped__'):
        return

    @functools.wraps(wrap)
    def wrap_model(self, module: torch.nn.Module, *args, **kwargs) -> None:
        if all(parameter.device.type == 'cpu' for parameter in module.parameters()):
            kwargs['device_ids'] = None
            synchronised = [m for m in module.modules() if 'SyncBatchNorm' in type(m).__name__]
            if synchronised:
                print_log(
                    f'{len(synchronised)} SyncBatchNorm layers become BatchNorm: they cannot run '
                    'on CPU, so each process normalises by its own batch.',
                    logger='current',
                )
                module = revert_sync_batchnorm(module)
        wrap(self, module, *args, **kwargs)

    MMDistributedDataParallel.__init__ = wrap_model


def save_weights_by_their_own_names() -> None:
    """Leave the wrappers of child modules out of the names of weights.

    Symptom: a training of several modules with an optimizer each, on several processes
    (``MMSeparateDistributedDataParallel``), resumes and tests with random weights: ``unexpected key
    in source state_dict: generator.module.…``. Cause: MMEngine 0.10.7 saves names that go through
    the wrapper of every child module, and loads names that do not. Applied when a process group
    starts.
    """
    from mmengine.model import MMDistributedDataParallel

    def state_dict(self, *args, **kwargs) -> dict[str, Any]:
        return self.module.state_dict(*args, **kwargs)

    MMDistributedDataParallel.state_dict = state_dict


def find_packages_by_import() -> None:
    """Let MMEngine find packages where Python finds them, without ``pkg_resources``.

    Symptoms: ``No module named 'pkg_resources'`` at ``import mmpose.apis`` and for every
    ``_base_ = 'mmpose::…'``; a missing ``.mim/model-index.yml`` for packages installed with
    ``pip install -e``. Causes: setuptools 82 dropped ``pkg_resources``; for an editable install
    it names ``site-packages``, where the package does not lie.
    Threads: https://github.com/open-mmlab/mmcv/issues/3325,
    https://github.com/open-mmlab/mmcv/issues/3143
    """
    from mmengine.config import config

    for module in (package_utils, mmengine.utils, config):
        module.get_installed_path = _installed_path
        module.is_installed = _is_installed


def _installed_path(package: str) -> str:
    """Folder of a package, named as it is imported or as it is distributed."""
    name = package if importlib.util.find_spec(package) else _import_name(package)
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f'{package!r} is not installed in this Python environment')
    return os.path.dirname(spec.origin)


def _is_installed(package: str) -> bool:
    try:
        _installed_path(package)
    except (ModuleNotFoundError, importlib.metadata.PackageNotFoundError):
        return False
    return True


def _import_name(distribution: str) -> str:
    names = importlib.metadata.distribution(distribution).read_text('top_level.txt') or distribution
    return names.split()[0]


def accept_package_in_configs() -> None:
    """Allow ``_base_ = 'mmpose_ext::unified/….py'`` once the package is imported.

    Symptom: ``AssertionError: mmengine does not support to load mmpose_ext config``. Cause: the
    packages that may stand before ``::`` are a fixed list in ``mmengine.config.utils``.
    """
    config_utils.MODULE2PACKAGE.setdefault('mmpose_ext', 'mmpose_ext')


def write_files_atomically() -> None:
    """Write checkpoints under a temporary name and rename them when they are complete.

    Symptom: ``--resume`` after a kill fails with ``PytorchStreamReader failed reading zip
    archive``. Cause: MMEngine overwrites the newest checkpoint in place, after each validation
    with a new best score too; a kill in that moment leaves half a file and no other.
    """
    if not hasattr(LocalBackend.put, '__wrapped__'):
        LocalBackend.put = _put_atomically(LocalBackend.put)


def _put_atomically(put: Callable) -> Callable:
    @functools.wraps(put)
    def put_complete(self, obj: bytes, filepath: str | Path) -> None:
        target = Path(filepath)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f'.{target.name}.', dir=target.parent)
        os.close(handle)
        try:
            put(self, obj, name)
            # mkstemp makes files private; a checkpoint gets the mode any new file would have.
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise

    return put_complete

"""HDF5, which few formats need."""

from types import ModuleType


def import_h5py() -> ModuleType:
    """Import h5py.

    Raises:
        ImportError: If it is not installed; says how to get it.
    """
    try:
        import h5py
    except ImportError as error:
        raise ImportError(
            'HDF5 files need h5py: pip install h5py, and give the same command again'
        ) from error
    return h5py

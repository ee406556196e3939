"""What a running or finished training has written into its work directory."""

from pathlib import Path

from mmpose_ext.engine.hooks.curves_hook import read_curves


def training_fraction(work_dir: Path, iterations: int) -> float:
    """How much of a training of so many iterations is done, 0 to 1, by its ``curves.csv``."""
    table = work_dir / 'curves.csv'
    if not table.exists():
        return 0.0
    return max((row['iteration'] for row in read_curves(table)), default=0) / iterations


def last_checkpoint(work_dir: Path) -> Path:
    """The newest checkpoint, which MMEngine names in ``last_checkpoint``.

    Raises:
        FileNotFoundError: If the folder holds no finished checkpoint.
    """
    pointer = work_dir / 'last_checkpoint'
    if not pointer.exists():
        raise FileNotFoundError(f'{pointer} does not exist: no checkpoint was saved in {work_dir}')
    # The pointer holds the path as it was when training ran; the folder may have moved since.
    return work_dir / Path(pointer.read_text().strip()).name

"""What a running or finished training has written into its work directory."""

from pathlib import Path

from mmpose_ext.engine.hooks.curves_hook import read_curves


def training_fraction(work_dir: Path, iterations: int) -> float:
    """How much of a training of so many iterations is done, 0 to 1, by its ``curves.csv``."""
    table = work_dir / 'curves.csv'
    if not table.exists():
        return 0.0
    return max((row['iteration'] for row in read_curves(table)), default=0) / iterations

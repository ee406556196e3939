"""Rewrite an official SMPL file as plain arrays, without chumpy and without running its pickle.

``mmpose_ext`` reads the official files as they are; other programs, smplx among them, need chumpy
for those, which no longer builds. ``.npz`` is smaller and can hold nothing but arrays; ``.pkl`` is
what ``smplx.SMPL`` opens by itself.

Example:
    python tools/model_converters/clean_smpl.py \\
        downloads/basicmodel_neutral_lbs_10_207_0_v1.1.0.pkl data/body_models/smpl/SMPL_NEUTRAL.npz
"""

import argparse
from pathlib import Path

import mmpose_ext  # noqa: F401
from mmpose_ext.body_models import load_body_model, read_smpl_file, write_smpl_file


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('file', type=Path, help='a SMPL file, .pkl or .npz')
    parser.add_argument('out', type=Path, help='the .npz or .pkl file to write')
    parser.add_argument('--force', action='store_true', help='replace OUT if it exists')
    return parser.parse_args()


def clean(file: Path, out: Path, force: bool) -> str:
    """Check and rewrite a file, and describe what was written."""
    if file.is_dir():
        raise ValueError(f'{file}: got a folder, expected a SMPL file')
    if out.exists() and not force:
        raise ValueError(f'{out} exists; --force replaces it')
    body = load_body_model(file)
    arrays = read_smpl_file(file)
    write_smpl_file(out, arrays)
    return (
        f'{body.num_vertices} vertices, {len(body.faces)} faces, '
        f'{arrays["shapedirs"].shape[-1]} shape directions'
    )


def main() -> None:
    args = parse_args()
    try:
        description = clean(args.file, args.out, args.force)
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    print(f'{args.out}: {description}')


if __name__ == '__main__':
    main()

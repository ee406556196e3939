"""Export a trained student as a config and weights that stock MMPose reads.

Example:
    python tools/model_converters/export_student.py configs/unified_rtmpose_s.py \\
        work_dirs/unified_rtmpose_s/best.pth --out exported --skeleton coco17
"""

import argparse
from pathlib import Path

import mmpose_ext  # noqa: F401
from mmpose_ext.apis.export_student import export_student


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config of the trained model')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('--out', type=Path, required=True, help='folder to write to')
    parser.add_argument(
        '--skeleton', help='keypoints to return, such as coco17, mpii16 or union21; all by default'
    )
    parser.add_argument('--name', help='base name of the two files')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    try:
        files = export_student(args.config, args.checkpoint, args.out, args.skeleton, args.name)
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    print(f'config      {files.config}')
    print(f'checkpoint  {files.checkpoint}')
    print(f"use it      mmpose.apis.init_model('{files.config}', '{files.checkpoint}')")


if __name__ == '__main__':
    main()

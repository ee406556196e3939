"""Export a trained student as ONNX in the layout rtmlib runs, checked with onnxruntime.

Example:
    python tools/model_converters/export_onnx.py configs/unified_rtmpose_s.py \\
        work_dirs/unified_rtmpose_s/best.pth --out exported/unified_s.onnx
"""

import argparse
from pathlib import Path

import mmpose_ext  # noqa: F401
from mmpose_ext.apis.export_onnx import export_onnx


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config of the trained model')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('--out', type=Path, required=True, help='the .onnx file to write')
    parser.add_argument(
        '--skeleton', help='keypoints to return, such as coco17, mpii16 or union21; all by default'
    )
    parser.add_argument('--opset', type=int, default=17)
    parser.add_argument(
        '--tolerance',
        type=float,
        default=1e-3,
        help='largest difference from PyTorch as a fraction of the largest logit',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    try:
        difference = export_onnx(
            args.config, args.checkpoint, args.out, args.skeleton, args.opset, args.tolerance
        )
    except (ImportError, ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    print(
        f'{args.out}: onnxruntime agrees with PyTorch, largest difference {difference:.1e} '
        'of the largest logit'
    )


if __name__ == '__main__':
    main()

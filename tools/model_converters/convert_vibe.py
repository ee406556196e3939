"""Turn the authors' checkpoint of VIBE or SPIN into one of this package.

Example:
    python tools/model_converters/convert_vibe.py vibe_model_w_3dpw.pth.tar vibe.pth
    python tools/model_converters/convert_vibe.py spin_model_checkpoint.pth.tar spin.pth

Of VIBE become the encoder, the head and, if the file has it, the discriminator of a
VideoMeshEstimator; of SPIN its backbone and its head, which VIBE's training starts from. Both can
be loaded one after the other, or by `load_from` and the backbone's `init_cfg`.
"""

import argparse
from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab
import torch

from mmpose_ext.apis.vibe_checkpoint import convert_vibe


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', type=Path, help='the *.pth.tar or *.pt')
    parser.add_argument('out', type=Path, help='file to write')
    parser.add_argument(
        '--expect', choices=('vibe', 'spin'), help='refuse a file of the other network'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    try:
        converted = convert_vibe(args.checkpoint, args.expect)
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    temporary = args.out.with_suffix('.part')
    torch.save(dict(meta={}, state_dict=converted.state_dict), temporary)
    temporary.replace(args.out)
    print(f'{args.out}: {len(converted.state_dict)} tensors of {converted.kind}, none missing')
    print(f'parts: {", ".join(converted.parts)}')
    for part in converted.missing:
        print(f'not in the file: {part}')
    print(f'{len(converted.unused)} keys of the file are not needed')
    for key in converted.unknown:
        print(f'not known, left out: {key}')


if __name__ == '__main__':
    main()

"""Turn the authors' checkpoint of 3DCrowdNet or SEFD into one of this package.

Example:
    python tools/model_converters/convert_crowdnet.py snapshot_6.pth.tar crowdnet_r50.pth

The model it fits has ``bin_centers=False`` in its position head and ``VPoserDecoder`` as its prior.
"""

import argparse
from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab
import torch

from mmpose_ext.apis.crowdnet_checkpoint import convert_crowdnet


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', type=Path, help='snapshot_<epoch>.pth.tar')
    parser.add_argument('out', type=Path, help='file to write')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    try:
        converted = convert_crowdnet(args.checkpoint)
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    temporary = args.out.with_suffix('.part')
    torch.save(dict(meta={}, state_dict=converted.state_dict), temporary)
    temporary.replace(args.out)
    print(f'{args.out}: {len(converted.state_dict)} tensors, none missing')
    print(f'model: in_channels={converted.in_channels}, bin_centers=False, VPoserDecoder')
    print(f'{len(converted.unused)} keys of the file are not needed')
    for key in converted.unknown:
        print(f'not known, left out: {key}')


if __name__ == '__main__':
    main()

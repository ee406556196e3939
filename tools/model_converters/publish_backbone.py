"""Write the weights of a checkpoint as a small file to start other trainings from.

    python tools/model_converters/publish_backbone.py \
        work_dirs/pretrain_last_cspnext_t_synthetic/epoch_17.pth \
        configs/unified/cspnext_t_synthetic.pth

Weights are stored in half precision; ``init_cfg=dict(type='Pretrained', prefix='backbone.',
checkpoint=...)`` reads them into a model of any precision,
and ``mmpose_ext.PretrainedKeypoints`` into a head of another skeleton.
"""

import argparse
from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab
import torch

_PREFIXES = ('backbone.', 'neck.', 'head.')


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('out', type=Path)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    checkpoint = torch.load(arguments.checkpoint, map_location='cpu', weights_only=True)
    weights = {
        key: value.half() if value.is_floating_point() else value
        for key, value in checkpoint['state_dict'].items()
        if key.startswith(_PREFIXES)
    }
    if not weights:
        raise SystemExit(
            f'error: {arguments.checkpoint} has no weights named {"* or ".join(_PREFIXES)}*'
        )
    temporary = arguments.out.with_suffix('.part')
    torch.save(dict(state_dict=weights), temporary)
    temporary.replace(arguments.out)
    print(
        f'{arguments.out}: {len(weights)} tensors, {arguments.out.stat().st_size / 2**20:.1f} MiB'
    )


if __name__ == '__main__':
    main()

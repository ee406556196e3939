"""A distillation step, against the student's stock step plus the teachers' forward passes alone.

The difference is what the distiller adds: cutting the windows, aligning the bins, the divergences
and their gradients.
"""

import argparse
import copy
import tempfile
from collections.abc import Callable
from pathlib import Path

import mmpose_ext  # its cures come before anything of OpenMMLab
import torch
from _harness import compare
from mmengine.config import Config, ConfigDict
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from mmpose_ext.registry import MODELS

_TEACHERS = dict(coco=('coco17', 17, 'input_size'), mpii=('mpii16', 16, 'canvas_size'))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--student', default='small', choices=('tiny', 'small', 'medium'))
    parser.add_argument('--teachers', default='medium', choices=('tiny', 'small', 'medium'))
    parser.add_argument('--size', default='128x96', choices=('128x96', '256x192'))
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--repeats', type=int, default=10)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args()
    init_default_scope('mmpose')
    torch.manual_seed(0)

    student = _model(args.student, args.size)
    canvas_size, input_size = student.canvas_size, student.head.input_size
    with tempfile.TemporaryDirectory() as folder:
        teachers = {
            name: _random_teacher(name, _model(args.teachers, args.size), Path(folder))
            for name in _TEACHERS
        }
        distiller = MODELS.build({**student, 'teachers': teachers})
        distiller.load_teachers()
    distiller.to(args.device)
    forwards = [copy.deepcopy(teacher.model.model) for teacher in distiller.teachers.values()]
    stock = MODELS.build(_stock(student)).to(args.device)

    canvases = _batch(args.batch, canvas_size, input_size)
    windows = _batch(args.batch, input_size, input_size)
    inputs = [
        torch.randn(args.batch, 3, *size[::-1], device=args.device)
        for size in (input_size, canvas_size)
    ]
    distil, learn = _trainer(distiller, canvases), _trainer(stock, windows)

    def peer() -> None:
        learn()
        with torch.inference_mode():
            for model, images in zip(forwards, inputs):
                model(images, None, mode='tensor')
        _wait()

    def ours() -> None:
        distil()
        _wait()

    compare('distillation_step', ours, peer, target='<= 1.05 x peer', repeats=args.repeats)


def _model(width: str, size: str) -> ConfigDict:
    suffix = '' if size == '256x192' else f'_{size}'
    config = Config.fromfile(mmpose_ext.cfg(f'_base_/models/rtmpose_{width}{suffix}.py')).model
    config.backbone.init_cfg = None
    return config


def _stock(model: ConfigDict) -> dict:
    stock = {key: value for key, value in model.items() if key not in ('skeleton', 'canvas_size')}
    head = {**model.head, 'loss': dict(type='KLDiscretLoss', beta=10.0, label_softmax=True)}
    return {**stock, 'type': 'TopdownPoseEstimator', 'head': head}


def _random_teacher(name: str, model: ConfigDict, folder: Path) -> dict:
    skeleton, count, size_key = _TEACHERS[name]
    width, height = model.canvas_size if size_key == 'canvas_size' else model.head.input_size
    model = _stock(model)
    model['head'] |= dict(
        out_channels=count,
        input_size=(width, height),
        in_featuremap_size=(width // 32, height // 32),
    )
    model['head']['decoder'] = {**model['head']['decoder'], 'input_size': (width, height)}
    checkpoint = folder / f'{name}.pth'
    torch.save(MODELS.build(model).state_dict(), checkpoint)
    return dict(config=model, checkpoint=checkpoint, skeleton=skeleton)


def _batch(count: int, image_size: tuple[int, int], input_size: tuple[int, int]) -> dict:
    samples = []
    for _ in range(count):
        sample = PoseDataSample(metainfo=dict(source='coco'))
        sample.gt_instance_labels = InstanceData(
            keypoint_x_labels=torch.rand(1, 21, 2 * input_size[0]),
            keypoint_y_labels=torch.rand(1, 21, 2 * input_size[1]),
            keypoint_weights=torch.ones(1, 21),
        )
        samples.append(sample)
    images = torch.randint(0, 256, (count, 3, *image_size[::-1]), dtype=torch.uint8)
    return dict(inputs=list(images), data_samples=samples)


def _trainer(model: nn.Module, batch: dict) -> Callable[[], dict[str, Tensor]]:
    model.train()
    optimizer = OptimWrapper(torch.optim.AdamW(model.parameters(), lr=1e-4))
    return lambda: model.train_step(
        dict(inputs=list(batch['inputs']), data_samples=batch['data_samples']), optimizer
    )


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


if __name__ == '__main__':
    main()

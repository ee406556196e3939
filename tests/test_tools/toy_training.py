"""A model and a dataset that train in a second and use every kind of random number."""

import atexit
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from mmengine.structures import BaseDataElement
from mmpose.registry import DATASETS, METRICS, MODELS, OPTIM_WRAPPER_CONSTRUCTORS


# An interpreter that exits beside such threads dies now and then.
@atexit.register
def report_threads() -> None:
    tasks = Path('/proc/self/task')
    names = [(task / 'comm').read_text().strip() for task in tasks.iterdir()]
    # In one piece, since other processes write too.
    sys.stdout.write(f'threads of gloo at exit: {sum("gloo" in name for name in names)}\n')


@DATASETS.register_module()
class ToyDataset(BaseDataset):
    """Noisy points on a line; the noise is drawn when a sample is read, for training."""

    METAINFO = {'dataset_name': 'toy', 'sigmas': np.ones(3, np.float32)}

    def __init__(self, length: int = 16, seconds: float = 0.0, **kwargs) -> None:
        self.length = length
        self.seconds = seconds
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict]:
        return [{'x': index / self.length} for index in range(self.length)]

    def prepare_data(self, idx: int) -> dict:
        time.sleep(self.seconds)
        x = self.get_data_info(idx)['x']
        noise = (np.random.rand(), random.random(), torch.rand(()).item())  # noqa: NPY002
        noise = (0.5, 0.5, 0.5) if self.test_mode else noise
        return {'inputs': torch.tensor([x, *noise]), 'target': torch.tensor([2 * x])}


@MODELS.register_module()
class ToyModel(BaseModel):
    """Batch norm, dropout and two linear layers."""

    def __init__(self, synchronised: bool = False) -> None:
        super().__init__()
        norm = torch.nn.SyncBatchNorm if synchronised else torch.nn.BatchNorm1d
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(4, 8), norm(8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1)
        )

    def forward(self, inputs: torch.Tensor, target: torch.Tensor, mode: str = 'tensor'):
        error = (self.layers(inputs) - target).square()
        if mode == 'loss':
            return {'loss': error.mean()}
        return [BaseDataElement(error=value) for value in error]


@MODELS.register_module()
class ToyStreamsModel(BaseModel):
    """Two networks with an optimizer each, trained on several streams at once."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.generator = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1)
        )
        self.discriminator = torch.nn.Linear(1, 1)

    def train_step(self, data, optim_wrapper) -> dict[str, torch.Tensor]:
        made = {name: self.generator(batch['inputs']) for name, batch in data.items()}
        errors = [(made[name] - batch['target']).square().mean() for name, batch in data.items()]
        optim_wrapper['generator'].update_params(sum(errors))
        judged = self.discriminator(torch.cat([values.detach() for values in made.values()]))
        optim_wrapper['discriminator'].update_params((judged - 1).square().mean())
        return dict(loss=sum(errors).detach())

    def forward(self, inputs: torch.Tensor, target: torch.Tensor, mode: str = 'tensor'):
        return [BaseDataElement(error=e) for e in (self.generator(inputs) - target).square()]


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class ToyConstructor:
    """An optimizer for each child module that the config names."""

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        self.settings = {k: v for k, v in optim_wrapper_cfg.items() if isinstance(v, dict)}

    def __call__(self, model: torch.nn.Module) -> OptimWrapperDict:
        model = getattr(model, 'module', model)
        return OptimWrapperDict(
            **{
                name: build_optim_wrapper(getattr(model, name), dict(settings))
                for name, settings in self.settings.items()
            }
        )


@METRICS.register_module()
class ToyMetric(BaseMetric):
    """Score that is better for smaller errors."""

    def process(self, data_batch, data_samples) -> None:
        self.results.extend(float(sample['error']) for sample in data_samples)

    def compute_metrics(self, results: list[float]) -> dict:
        return {'AP': -float(np.mean(results))}

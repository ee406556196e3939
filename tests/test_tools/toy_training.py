"""A model and a dataset that train in a second and use every kind of random number."""

import random
import time

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from mmpose.registry import DATASETS, METRICS, MODELS


@DATASETS.register_module()
class ToyDataset(BaseDataset):
    """Noisy points on a line; the noise is drawn when a sample is read."""

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


@METRICS.register_module()
class ToyMetric(BaseMetric):
    """Score that is better for smaller errors."""

    def process(self, data_batch, data_samples) -> None:
        self.results.extend(float(sample['error']) for sample in data_samples)

    def compute_metrics(self, results: list[float]) -> dict:
        return {'AP': -float(np.mean(results))}

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_ext.body_models import load_body_model

SIZE, BOX = (96, 64), (20, 4, 76, 60)


class MeshDataset(BaseDataset):
    """People of images, several per image, one sample each."""

    def __init__(self, image_paths: list[str], people: list[int]) -> None:
        self.image_paths, self.people = image_paths, people
        super().__init__(serialize_data=False)

    def load_data_list(self) -> list[dict]:
        images = [(i, p) for i, p in enumerate(self.image_paths) for _ in range(self.people[i])]
        return [dict(id=10 + n, img_id=i, img_path=path) for n, (i, path) in enumerate(images)]

    def prepare_data(self, index: int) -> dict:
        sample = PoseDataSample(metainfo=self.get_data_info(index))
        left, top, right, _ = BOX
        warp_mat = np.array([[1.0, 0, -left], [0, 1, -top]]) * 64 / (right - left)
        sample.set_metainfo(dict(ori_shape=SIZE[::-1], input_size=(64, 64), warp_mat=warp_mat))
        inputs = dict(
            img=torch.zeros(3, 64, 64, dtype=torch.uint8),
            joints=torch.full((30, 2), float(sample.id)),
            joints_mask=torch.ones(30, 1),
        )
        return dict(inputs=inputs, data_samples=sample)


class MeshModel(BaseModel):
    """Predicts a stand-in at rest for everybody, farther to the right and away with every id."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        body = load_body_model('standin')
        vertices, joints = body.skin(np.zeros(10), np.zeros((24, 3)))
        self.vertices = torch.tensor(vertices - joints[0])

    def forward(self, inputs, data_samples, mode):
        if mode == 'loss':
            return dict(loss=self.weight**2)
        for sample in data_samples:
            sample.pred_instances = InstanceData(
                smpl_pose=torch.zeros(1, 24, 3),
                smpl_betas=torch.zeros(1, 10),
                vertices=self.vertices[None],
                transl=torch.tensor([[0.4 * sample.id - 4.5, 0, 150 + sample.id]]),
                bboxes=np.array([BOX], float),
            )
        return data_samples


class MeshCount(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return dict(count=len(results))


@pytest.fixture
def make_runner(tmp_path) -> Callable[..., Runner]:
    """A runner whose dataset has images with as many people as told."""

    def runner(people: list[int], hook: dict, visualizer: dict, batch_size: int = 2) -> Runner:
        paths = []
        for index in range(len(people)):
            paths.append(str(tmp_path / f'image{index}.png'))
            cv2.imwrite(paths[-1], np.full((*SIZE[::-1], 3), 60 * index, np.uint8))
        loader = dict(
            batch_size=batch_size,
            dataset=MeshDataset(paths, people),
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='pseudo_collate'),
        )
        return Runner(
            MeshModel(),
            work_dir=str(tmp_path / 'work'),
            experiment_name=f'{tmp_path.name}_{np.random.default_rng().integers(1 << 60)}',
            train_dataloader=loader,
            val_dataloader=loader,
            test_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=2, val_interval=1),
            val_cfg=dict(),
            test_cfg=dict(),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            val_evaluator=[MeshCount()],
            test_evaluator=[MeshCount()],
            custom_hooks=[hook],
            visualizer=visualizer,
            default_scope='mmpose',
            default_hooks=dict(logger=None, checkpoint=None),
        )

    return runner


@pytest.fixture
def files() -> Callable[[Path], set[str]]:
    """Paths of all files in a folder, relative to it."""
    return lambda folder: {str(p.relative_to(folder)) for p in folder.rglob('*') if p.is_file()}

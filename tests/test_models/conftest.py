from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import MODELS
from mmpose_ext.skeletons import get_skeleton

STUDENT_SIZE, CANVAS_SIZE = (96, 128), (128, 128)


def pose_model(
    num_keypoints: int,
    input_size: tuple[int, int],
    norm: str = 'BN',
    loss: dict | None = None,
    **options: object,
) -> dict:
    """Config of an RTMPose of a few thousand parameters."""
    model = dict(
        type='TopdownPoseEstimator',
        data_preprocessor=dict(
            type='PoseDataPreprocessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
        ),
        backbone=dict(
            _scope_='mmdet',
            type='CSPNeXt',
            deepen_factor=0.1,
            widen_factor=0.0625,
            out_indices=(4,),
            norm_cfg=dict(type=norm),
        ),
        head=dict(
            type='RTMCCHead',
            in_channels=64,
            out_channels=num_keypoints,
            input_size=input_size,
            in_featuremap_size=tuple(side // 32 for side in input_size),
            gau_cfg=dict(
                hidden_dims=32,
                s=16,
                expansion_factor=2,
                dropout_rate=0.0,
                drop_path=0.0,
                act_fn='SiLU',
                use_rel_bias=False,
                pos_enc=False,
            ),
            loss=loss or dict(type='KLDiscretLoss', beta=10.0, label_softmax=True),
            decoder=dict(type='SimCCLabel', input_size=input_size, normalize=False),
        ),
    )
    return model | options


def heatmap_model(num_keypoints: int, input_size: tuple[int, int]) -> dict:
    """Config of a tiny model with a heatmap head."""
    model = pose_model(num_keypoints, input_size)
    model['head'] = dict(
        type='HeatmapHead',
        in_channels=64,
        out_channels=num_keypoints,
        deconv_out_channels=(8, 8),
        deconv_kernel_sizes=(4, 4),
        decoder=dict(
            type='MSRAHeatmap',
            input_size=input_size,
            heatmap_size=tuple(side // 8 for side in input_size),
            sigma=2,
        ),
    )
    return model


def save_random_weights(model: dict, path: object, seed: int = 0) -> str:
    """Build a model, give it random weights and batch statistics, and save them."""
    torch.manual_seed(seed)
    network = MODELS.build(model)
    network.init_weights()
    for name, value in network.state_dict().items():
        if name.endswith('running_var'):
            value.uniform_(0.5, 2)
        elif name.endswith('running_mean'):
            value.normal_()
        elif name.endswith('final_layer.weight') or 'cls_' in name:
            value.normal_(std=0.05)
    torch.save(dict(state_dict=network.state_dict(), meta={}), path)
    return str(path)


@pytest.fixture(scope='session', autouse=True)
def mmpose_scope() -> None:
    """What every config of this package says."""
    init_default_scope('mmpose')


@pytest.fixture
def student_config() -> Callable[..., dict]:
    """Make the config of a tiny distilled student; arguments are the distiller's."""

    def make(teachers: dict | None = None, loss: dict | None = None, **options: object) -> dict:
        loss = loss or dict(type='mmpose_ext.ConditionalKeypointLoss')
        defaults = dict(
            type='mmpose_ext.MultiTeacherDistiller',
            canvas_size=CANVAS_SIZE,
            teachers=teachers or {},
        )
        return pose_model(21, STUDENT_SIZE, loss=loss, **(defaults | options))

    return make


@pytest.fixture(scope='session')
def teacher_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """Arguments of a COCO teacher of the student's size and an MPII teacher of the canvas's."""
    folder = tmp_path_factory.mktemp('teachers')
    models = dict(
        coco=(pose_model(17, STUDENT_SIZE, norm='SyncBN'), 'coco17'),
        mpii=(pose_model(16, CANVAS_SIZE), 'mpii16'),
    )
    return {
        name: dict(
            config=model,
            checkpoint=save_random_weights(model, folder / f'{name}.pth', seed),
            skeleton=skeleton,
        )
        for seed, (name, (model, skeleton)) in enumerate(models.items())
    }


@pytest.fixture(scope='session')
def heatmap_teacher(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Arguments of a Halpe teacher with heatmaps that teaches four joints."""
    model = heatmap_model(26, CANVAS_SIZE)
    path = tmp_path_factory.mktemp('heatmap') / 'halpe.pth'
    return dict(
        config=model,
        checkpoint=save_random_weights(model, path),
        skeleton='halpe26',
        joints=['nose', 'left_wrist', 'head_top', 'upper_neck'],
        weight=0.2,
    )


@pytest.fixture
def batch() -> Callable[..., dict]:
    """Make a batch as the dataloader gives it: alternating COCO and MPII samples."""

    def make(
        size: int = 4,
        canvas_size: tuple[int, int] = CANVAS_SIZE,
        input_size: tuple[int, int] = STUDENT_SIZE,
        seed: int = 0,
    ) -> dict:
        generator = np.random.default_rng(seed)
        union = get_skeleton('union21')
        inputs, samples = [], []
        for i in range(size):
            source = ('coco', 'mpii')[i % 2]
            known = get_skeleton(('coco17', 'mpii16')[i % 2]).keypoints
            labelled = np.array([[name in known for name in union.keypoints]])
            weight = (labelled & (generator.random((1, 21)) > 0.2)).astype(np.float32)
            labels = InstanceData(
                keypoint_weights=torch.from_numpy(weight),
                label_tier=torch.from_numpy(np.where(labelled, 3, 1).astype(np.int8)),
            )
            for axis, side in zip('xy', input_size):
                centres = generator.uniform(0, 2 * side, (1, 21, 1))
                gaussian = np.exp(-((np.arange(2 * side) - centres) ** 2) / 72) * weight[..., None]
                labels.set_field(
                    torch.from_numpy(gaussian.astype(np.float32)), f'keypoint_{axis}_labels'
                )
            sample = PoseDataSample(metainfo=dict(source=source))
            sample.gt_instance_labels = labels
            samples.append(sample)
            pixels = generator.integers(0, 256, (3, *canvas_size[::-1]), dtype=np.uint8)
            inputs.append(torch.from_numpy(pixels))
        return dict(inputs=inputs, data_samples=samples)

    return make


MESH_CROP = 64


@pytest.fixture(scope='session')
def mesh_config() -> Callable[..., dict]:
    """Make the config of a tiny mesh estimator; arguments are the estimator's."""

    def make(in_channels: int = 3, **options: object) -> dict:
        backbone = dict(
            type='mmpose_ext.PoseGuidedResNet',
            depth=18,
            in_channels=in_channels,
            stem_channels=8,
            base_channels=8,
        )
        model = dict(
            type='mmpose_ext.MeshEstimator',
            backbone=backbone,
            position_head=dict(type='mmpose_ext.SoftArgmax3DHead', in_channels=64, depth_bins=4),
            mesh_head=dict(
                type='mmpose_ext.GraphMeshHead', in_channels=64, hidden_channels=16, num_blocks=1
            ),
            body_model=dict(path='standin'),
        )
        return model | options

    return make


@pytest.fixture(scope='session')
def mesh_batch() -> Callable[..., dict]:
    """Make a batch of crops as the dataloader gives it; every second sample has 3D labels."""

    def make(size: int = 4, seed: int = 0, **edges: float) -> dict:
        generator = np.random.default_rng(seed)

        def normal(*shape: int, scale: float = 1.0) -> torch.Tensor:
            return torch.from_numpy((scale * generator.normal(size=shape)).astype(np.float32))

        def flags(*shape: int) -> torch.Tensor:
            return torch.from_numpy((generator.random(shape) > 0.3).astype(np.float32))

        inputs: dict[str, list] = dict(img=[], joints=[], joints_mask=[])
        inputs |= {name: [] for name in edges}
        samples = []
        for i in range(size):
            pixels = generator.integers(0, 256, (3, MESH_CROP, MESH_CROP), dtype=np.uint8)
            inputs['img'].append(torch.from_numpy(pixels))
            inputs['joints'].append(normal(30, 2, scale=12) + MESH_CROP / 2)
            inputs['joints_mask'].append(flags(30, 1))
            for name, scale in edges.items():
                inputs[name].append(normal(1, MESH_CROP, MESH_CROP, scale=scale).abs())
            pose = normal(1, 24, 3, scale=0.2)
            pose[0, 0] += torch.tensor([np.pi, 0, 0])
            focal = 1.4 * MESH_CROP
            camera = [[focal, 0, MESH_CROP / 2], [0, focal, MESH_CROP / 2], [0, 0, 1]]
            sample = PoseDataSample(
                metainfo=dict(gender='neutral', img_id=i, input_size=(MESH_CROP, MESH_CROP))
            )
            sample.gt_instances = InstanceData(
                keypoints=normal(1, 30, 2, scale=12) + MESH_CROP / 2,
                keypoints_visible=flags(1, 30),
                joints_cam=normal(1, 30, 3, scale=0.3),
                joints_cam_valid=flags(1, 30) * (i % 2),
                smpl_pose=pose,
                smpl_betas=normal(1, 10, scale=0.8),
                smpl_transl=normal(1, 3, scale=0.1) + torch.tensor([0, 0.2, 3]),
                smpl_valid=torch.ones(1),
                camera=torch.tensor([camera]),
                bboxes=torch.tensor([[100, 50, 300, 250]]) + normal(1, 1, scale=20),
                bbox_scores=torch.ones(1),
            )
            samples.append(sample)
        return dict(inputs=inputs, data_samples=samples)

    return make

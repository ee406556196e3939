"""A tiny union model: its config as a user would write it, and a checkpoint."""

from pathlib import Path

import mmpose_ext  # noqa: F401

# isort: split
import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.models import build_pose_estimator

from mmpose_ext.skeletons import UNION21

_SIZE = (48, 64)


def _codec() -> dict:
    return dict(
        type='SimCCLabel',
        input_size=_SIZE,
        sigma=(1.2, 1.4),
        simcc_split_ratio=2.0,
        normalize=False,
        use_dark=False,
    )


def _network() -> dict:
    return dict(
        data_preprocessor=dict(
            type='PoseDataPreprocessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
        ),
        backbone=dict(
            _scope_='mmdet',
            type='CSPNeXt',
            arch='P5',
            deepen_factor=0.167,
            widen_factor=0.125,
            out_indices=(4,),
            channel_attention=True,
            norm_cfg=dict(type='BN'),
        ),
        head=dict(
            type='RTMCCHead',
            in_channels=128,
            out_channels=21,
            input_size=_SIZE,
            in_featuremap_size=(2, 2),
            final_layer_kernel_size=1,
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
            loss=dict(type='mmpose_ext.ConditionalKeypointLoss'),
            decoder=_codec(),
        ),
        test_cfg=dict(flip_test=True),
    )


def _pipeline() -> list[dict]:
    return [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=_SIZE),
        dict(type='mmpose_ext.PackUnionInputs'),
    ]


@pytest.fixture(scope='session')
def union_config() -> Config:
    """A distillation config; its teachers do not exist."""
    source = dict(
        skeleton='coco17',
        dataset=dict(
            type='CocoDataset',
            data_root='data/coco/',
            data_mode='topdown',
            ann_file='annotations/val.json',
            data_prefix=dict(img='val2017/'),
        ),
    )
    dataset = dict(type='mmpose_ext.UnionDataset', skeleton='union21', sources=dict(coco=source))
    return Config(
        dict(
            default_scope='mmpose',
            dataset_type='mmpose_ext.UnionDataset',
            data_mode='topdown',
            model=dict(
                type='mmpose_ext.MultiTeacherDistiller',
                skeleton='union21',
                input_size=_SIZE,
                canvas_size=(64, 64),
                teachers=dict(
                    coco=dict(config='absent.py', checkpoint='absent.pth', skeleton='coco17')
                ),
                **_network(),
            ),
            train_dataloader=dict(batch_size=2, dataset=dataset),
            test_dataloader=dict(
                batch_size=2, dataset=dict(dataset, test_mode=True, pipeline=_pipeline())
            ),
            visualizer=dict(type='mmpose_ext.UnionVisualizer', bases=dict(coco='coco17')),
        )
    )


@pytest.fixture(scope='session')
def union_checkpoint(tmp_path_factory) -> Path:
    """Random weights, as a Runner stores them."""
    torch.manual_seed(0)
    init_default_scope('mmpose')
    network = _network()
    network['head']['loss'] = dict(type='KLDiscretLoss')
    model = build_pose_estimator(Config(dict(type='TopdownPoseEstimator', **network)))
    model.init_weights()
    # Without a bias the features, which the head normalises, depend on nothing but the picture.
    model.head.final_layer.bias.data.zero_()
    for layer in (model.head.final_layer, model.head.cls_x, model.head.cls_y):
        layer.weight.data.normal_(0, 0.5)
    file = tmp_path_factory.mktemp('checkpoint') / 'epoch_1.pth'
    meta = dict(epoch=1, dataset_meta=parse_pose_metainfo(UNION21.metainfo()))
    torch.save(dict(meta=meta, state_dict=model.state_dict(), optimizer={'state': {}}), file)
    return file


@pytest.fixture(scope='session')
def photo(tmp_path_factory) -> Path:
    """A picture of noise with some structure."""
    generator = np.random.default_rng(0)
    image = cv2.resize(generator.integers(0, 255, (12, 16, 3), np.uint8), (160, 120))
    file = tmp_path_factory.mktemp('photo') / 'photo.png'
    cv2.imwrite(str(file), image)
    return file

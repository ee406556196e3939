"""The union dataset in the places where MMEngine and MMPose look for a dataset."""

import copy

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.apis.inference import dataset_meta_from_config
from mmpose.registry import DATASETS

PIPELINE = [
    dict(type='mmpose_ext.LoadEncodedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmpose_ext.RandomMirror'),
    dict(type='RandomHalfBody'),
    dict(type='mmpose_ext.RandomBoxTransform'),
    dict(type='mmpose_ext.TopdownAffineCanvas', input_size=(48, 64), canvas_size=(64, 64)),
    dict(type='mmpose_ext.RandomHSV'),
    dict(type='mmpose_ext.RandomBlur', prob=0.5),
    dict(type='mmpose_ext.CoarseDropout'),
    dict(
        type='mmpose_ext.GenerateSimCCTarget',
        encoder=dict(type='SimCCLabel', input_size=(48, 64), sigma=(2, 2), normalize=False),
    ),
    dict(type='mmpose_ext.PackUnionInputs'),
]


def loader_config(data, num_workers=0):
    return dict(
        batch_size=4,
        num_workers=num_workers,
        sampler=dict(
            type='mmpose_ext.SourceRatioSampler', batch_size=4, ratios=dict(coco=3, mpii=1)
        ),
        worker_init_fn=dict(type='mmpose_ext.seed_worker'),
        dataset=dict(
            type='mmpose_ext.UnionDataset',
            skeleton='union21',
            sources=dict(coco=data.source('coco'), mpii=data.source('mpii')),
            pipeline=PIPELINE,
        ),
    )


def read_epoch(loader, epoch):
    """An epoch as training reads it: the sampler's epoch is set, the main process reseeded."""
    loader.sampler.set_epoch(epoch)
    torch.manual_seed(100 + epoch)
    batches = list(loader)
    sources = [[sample.metainfo['source'] for sample in batch['data_samples']] for batch in batches]
    return sources, torch.stack([image for batch in batches for image in batch['inputs']])


def test_a_loader_built_from_a_config_resumes_exactly(data):
    config = loader_config(data, num_workers=2)
    run = Runner.build_dataloader(copy.deepcopy(config), seed=5)
    _, first = read_epoch(run, 0)
    sources, second = read_epoch(run, 1)

    resumed = Runner.build_dataloader(copy.deepcopy(config), seed=5)
    resumed_sources, resumed_second = read_epoch(resumed, 1)

    assert all(sorted(batch) == ['coco', 'coco', 'coco', 'mpii'] for batch in sources)
    assert sources == resumed_sources
    assert torch.equal(second, resumed_second)
    assert not torch.equal(first, second)


def test_inferencers_find_a_person_detector_for_it():
    """MMPoseInferencer takes the folder below ``datasets`` for the kind of object."""
    module = DATASETS.get('mmpose_ext.UnionDataset').__module__

    assert module.split('datasets.')[-1].split('.')[0] == 'body'


def test_init_model_finds_a_metainfo_without_a_checkpoint(data):
    config = Config(dict(train_dataloader=loader_config(data)))

    meta = dataset_meta_from_config(config, dataset_mode='train')

    assert meta['num_keypoints'] == 21
    assert meta['keypoint_id2name'][20] == 'head_top'

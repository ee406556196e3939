"""The stock MMPose config of a trained student: nothing in it needs ``mmpose_ext``."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from mmengine.config import Config

from mmpose_ext.skeletons import COCO17, KeypointMap, Skeleton, get_skeleton

_OWN_PREFIX = 'mmpose_ext'
_MODEL_KEYS = ('data_preprocessor', 'backbone', 'neck', 'head', 'test_cfg')
# Own transforms of a test pipeline: the stock one that gives a model the same input, and the
# arguments they share.
_STOCK_TRANSFORMS = {
    'mmpose_ext.LoadEncodedImage': ('LoadImage', ('backend_args',)),
    'mmpose_ext.TopdownAffineCanvas': ('TopdownAffine', ('input_size', 'use_udp')),
    'mmpose_ext.PackUnionInputs': ('PackPoseInputs', ()),
}
# The same arithmetic, see the class.
_OWN_PREPROCESSOR = 'mmpose_ext.BatchedPoseDataPreprocessor'
# By the name of the skeleton.
_DATASETS = {
    'coco': dict(
        type='CocoDataset',
        data_root='data/coco/',
        ann_file='annotations/person_keypoints_val2017.json',
        data_prefix=dict(img='val2017/'),
    ),
    'mpii': dict(
        type='MpiiDataset',
        data_root='data/mpii/',
        ann_file='annotations/mpii_val.json',
        headbox_file='data/mpii/annotations/mpii_gt_val.mat',
        data_prefix=dict(img='images/'),
    ),
}
_RUNTIME = dict(
    default_scope='mmpose',
    default_hooks=dict(
        timer=dict(type='IterTimerHook'),
        logger=dict(type='LoggerHook', interval=50),
        param_scheduler=dict(type='ParamSchedulerHook'),
        checkpoint=dict(type='CheckpointHook', interval=10),
        sampler_seed=dict(type='DistSamplerSeedHook'),
        visualization=dict(type='PoseVisualizationHook', enable=False),
    ),
    env_cfg=dict(
        cudnn_benchmark=False,
        mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
        dist_cfg=dict(backend='nccl'),
    ),
    vis_backends=[dict(type='LocalVisBackend')],
    visualizer=dict(
        type='PoseLocalVisualizer', name='visualizer', vis_backends=[dict(type='LocalVisBackend')]
    ),
    log_processor=dict(type='LogProcessor', window_size=50, by_epoch=True, num_digits=6),
    log_level='INFO',
    load_from=None,
    resume=False,
    backend_args=dict(backend='local'),
    data_mode='topdown',
)


def model_skeleton(config: Config) -> Skeleton:
    """The skeleton that a config's model predicts.

    Args:
        config: A config of this project or a stock one for COCO or MPII.

    Returns:
        The skeleton.

    Raises:
        ValueError: If the config does not say, or its skeleton has another number of keypoints
            than the head.
    """
    if 'test_dataloader' not in config:
        raise ValueError(f'{config.filename}: has no test_dataloader, expected a config that tests')
    dataset = config.test_dataloader.dataset
    named = config.model.get('skeleton') or dataset.get('skeleton') or dataset.get('metainfo')
    if named is None:
        named = {'CocoDataset': 'coco17', 'MpiiDataset': 'mpii16'}.get(dataset.type)
    if named is None:
        raise ValueError(
            f'model skeleton: got neither model.skeleton nor test_dataloader.dataset.skeleton in '
            f'{config.filename}, expected one of them'
        )
    skeleton = get_skeleton(named)
    channels = config.model.head.get('out_channels')
    if channels != skeleton.num_keypoints:
        raise ValueError(
            f'model.head.out_channels: got {channels!r}, expected {skeleton.num_keypoints} '
            f'for skeleton {skeleton.name!r}'
        )
    return skeleton


def output_indices(skeleton: Skeleton, view: Skeleton) -> list[int]:
    """Channels of a model that make up a view, in the view's order.

    Args:
        skeleton: What the model predicts.
        view: What is wanted of it.

    Returns:
        One channel per keypoint of the view.

    Raises:
        ValueError: If the model does not predict a keypoint of the view.
    """
    indices = list(KeypointMap.between(skeleton, view).source_indices)
    missing = [name for name, index in zip(view.keypoints, indices, strict=True) if index < 0]
    if missing:
        raise ValueError(
            f'skeleton {view.name!r}: got {missing}, expected keypoints that a model of '
            f'{skeleton.name!r} predicts'
        )
    return indices


def stock_config(config: Config, skeleton: Skeleton, view: Skeleton) -> Config:
    """Write a model's config with MMPose's own parts only.

    All channels stay in the network, because its attention mixes them; a view selects outputs. So
    the test set keeps the model's skeleton (flip test needs all channels) and the metric selects
    the joints. For the same reason MMPose's ``--show-dir`` draws the whole model only; its
    inferencer draws views too.

    Args:
        config: Config of the trained model.
        skeleton: What the model predicts.
        view: What the exported model returns, for example COCO's 17 of the 21.

    Returns:
        The config.

    Raises:
        ValueError: If a part has no stock counterpart.
    """
    source = config.to_dict()
    model = {key: deepcopy(source['model'][key]) for key in _MODEL_KEYS if source['model'].get(key)}
    model = dict(type='TopdownPoseEstimator', **model)
    model['backbone'].pop('init_cfg', None)
    if model.get('data_preprocessor', {}).get('type') == _OWN_PREPROCESSOR:
        model['data_preprocessor']['type'] = 'PoseDataPreprocessor'
    model['head']['loss'] = _stock_loss(model['head'].get('loss', {}))
    model.setdefault('test_cfg', {})
    if view.keypoints != skeleton.keypoints:
        model['test_cfg']['output_keypoint_indices'] = output_indices(skeleton, view)

    benchmark = view.name if view.name in _DATASETS else 'coco'
    pipeline = [_stock_transform(step) for step in source['test_dataloader']['dataset']['pipeline']]
    dataset = _stock_dataset(source['test_dataloader']['dataset'], benchmark)
    stock = deepcopy(_RUNTIME)
    stock.update(
        model=model,
        dataset_type=dataset['type'],
        data_root=dataset['data_root'],
        test_cfg=dict(),
        test_dataloader=dict(
            batch_size=32,
            num_workers=2,
            drop_last=False,
            sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
            dataset=dict(
                **dataset,
                data_mode='topdown',
                test_mode=True,
                metainfo=skeleton.metainfo(),
                pipeline=pipeline,
            ),
        ),
        test_evaluator=_stock_metric(dataset, benchmark, skeleton, view),
    )
    leftovers = [f'{path} = {value!r}' for path, value in _strings(stock) if _OWN_PREFIX in value]
    if leftovers:
        raise ValueError(
            f'{config.filename}: got parts without a stock counterpart, {"; ".join(leftovers)}'
        )
    return Config(stock)


def _stock_transform(step: dict) -> dict:
    name, kept = _STOCK_TRANSFORMS.get(step['type'], (step['type'], tuple(step)))
    return deepcopy({key: step[key] for key in kept if key in step} | dict(type=name))


def _stock_loss(loss: dict) -> dict:
    if not loss.get('type', _OWN_PREFIX).startswith(_OWN_PREFIX):
        return loss
    # Kept for fine-tuning with stock MMPose; inference does not use it.
    return dict(
        type='KLDiscretLoss',
        use_target_weight=True,
        beta=loss.get('beta', 10.0),
        label_softmax=True,
    )


def _stock_dataset(dataset: dict, benchmark: str) -> dict:
    """The config's own test files of a benchmark, else where MMPose expects them."""
    stock = _DATASETS[benchmark]
    candidates = [dataset] + [source['dataset'] for source in dataset.get('sources', {}).values()]
    for candidate in candidates:
        if candidate['type'] == stock['type'] and candidate.get('ann_file'):
            keys = ('data_root', 'ann_file', 'bbox_file', 'headbox_file', 'data_prefix')
            found = {key: candidate[key] for key in keys if candidate.get(key) is not None}
            return dict(type=stock['type'], **{'data_root': '', **found})
    return deepcopy(stock)


def _stock_metric(dataset: dict, benchmark: str, skeleton: Skeleton, view: Skeleton) -> dict | list:
    if benchmark == 'mpii':
        return dict(type='MpiiPCKAccuracy')
    # COCO's ground truth and the view's predictions move into the model's numbering. Both maps
    # leave annotations that were moved before as they are, which matters because the metric moves
    # them each time.
    coco_map = KeypointMap.between(COCO17, skeleton)
    metric = dict(type='CocoMetric', ann_file=_join(dataset['data_root'], dataset['ann_file']))
    if skeleton.num_keypoints != COCO17.num_keypoints:
        metric['gt_converter'] = dict(
            num_keypoints=skeleton.num_keypoints, mapping=coco_map.pairs()
        )
    if view.keypoints != skeleton.keypoints:
        seen = KeypointMap.between(view, skeleton).pairs()
        metric['pred_converter'] = dict(num_keypoints=skeleton.num_keypoints, mapping=seen)
    return metric


def _join(root: str, path: str) -> str:
    return f'{root.rstrip("/")}/{path}' if root else path


def _strings(value: Any, path: str = '') -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _strings(child, f'{path}.{key}' if path else str(key))
    elif isinstance(value, (list, tuple)):
        for number, child in enumerate(value):
            yield from _strings(child, f'{path}[{number}]')
    elif isinstance(value, str):
        yield path, value

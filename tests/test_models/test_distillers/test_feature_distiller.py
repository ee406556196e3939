import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.model import ExponentialMovingAverage
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import Dataset

from mmpose_ext.models.distillers import FeatureDistiller
from mmpose_ext.registry import MODELS

LOG_SOFTMAX = dict(loss=dict(type='mmpose_ext.LogSoftmaxL1Loss'), stages=(2, 3), weights=(1, 2))


@pytest.fixture(scope='module')
def teacher(mesh_config: Callable[..., dict], tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Config and checkpoint of a teacher with batch statistics of its own."""
    config = mesh_config(in_channels=4)
    torch.manual_seed(3)
    model = MODELS.build(config)
    model.init_weights()
    for name, value in model.state_dict().items():
        if name.endswith('running_var'):
            value.uniform_(0.5, 2)
        elif name.endswith('running_mean'):
            value.normal_(std=0.2)
    path = tmp_path_factory.mktemp('teacher') / 'teacher.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return dict(config=config, checkpoint=str(path))


@pytest.fixture
def distiller_config(mesh_config: Callable[..., dict], teacher: dict) -> Callable[..., dict]:
    def make(in_channels: int = 4, **options: object) -> dict:
        defaults = dict(
            type='mmpose_ext.FeatureDistiller',
            teacher=teacher,
            distill=[copy.deepcopy(LOG_SOFTMAX)],
        )
        return mesh_config(in_channels=in_channels, **(defaults | options))

    return make


def build(config: dict) -> FeatureDistiller:
    torch.manual_seed(7)
    model = MODELS.build(copy.deepcopy(config))
    model.init_weights()
    model.train()
    return model


def losses(model: FeatureDistiller, batch: dict) -> dict[str, Tensor]:
    return model(**model.data_preprocessor(copy.deepcopy(batch), True), mode='loss')


def stored(teacher: dict) -> dict[str, Tensor]:
    return torch.load(teacher['checkpoint'], weights_only=True)['state_dict']


def distillation(model: FeatureDistiller, batch: dict, teacher: dict, training: bool) -> Tensor:
    """The term of :data:`LOG_SOFTMAX` by hand, with a teacher of our own."""
    own = MODELS.build(teacher['config'])
    own.load_state_dict(stored(teacher))
    own.train(training)
    inputs = model.data_preprocessor(copy.deepcopy(batch), True)['inputs']
    student = copy.deepcopy(model).extract_feat(inputs)
    with torch.no_grad():
        answer = own.extract_feat(inputs | dict(edge=inputs['teacher_edge']))
    return sum(
        weight * (student[i].log_softmax(1) - answer[i].log_softmax(1)).abs().mean()
        for i, weight in ((2, 1), (3, 2))
    )


@pytest.mark.parametrize('statistics', ['eval', 'batch'])
def test_the_term_compares_stages_with_the_teachers_edges(
    distiller_config: Callable[..., dict],
    mesh_batch: Callable[..., dict],
    teacher: dict,
    statistics: str,
) -> None:
    batch = mesh_batch(edge=1.0, teacher_edge=3.0)
    model = build(distiller_config(teacher_batch_norm=statistics))
    expected = distillation(model, batch, teacher, training=statistics == 'batch')
    result = losses(model, batch)
    torch.testing.assert_close(result['loss_log_softmax_l1'], expected, rtol=1e-4, atol=1e-5)
    assert expected > 0.01
    plain = MODELS.build(
        {k: v for k, v in distiller_config().items() if k not in ('teacher', 'distill')}
        | dict(type='mmpose_ext.MeshEstimator')
    )
    plain.load_state_dict(stored(teacher))
    plain.train()
    for name, value in losses(plain, batch).items():
        torch.testing.assert_close(result[name], value, msg=name)


def test_a_student_that_is_the_teacher_and_sees_its_edges_has_nothing_to_learn(
    distiller_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    batch = mesh_batch(edge=1.0, teacher_edge=1.0)
    batch['inputs']['teacher_edge'] = batch['inputs']['edge']
    model = build(distiller_config())
    model.eval()
    assert losses(model, batch)['loss_log_softmax_l1'] == 0


def test_the_student_starts_as_the_teacher_or_not(
    distiller_config: Callable[..., dict], teacher: dict
) -> None:
    weights = stored(teacher)
    for name, value in build(distiller_config()).state_dict().items():
        assert torch.equal(value, weights[name]), name
    fresh = build(distiller_config(init_from_teacher=False)).state_dict()
    assert not torch.equal(fresh['backbone.conv1.weight'], weights['backbone.conv1.weight'])


@pytest.mark.parametrize('statistics', ['eval', 'batch'])
def test_nothing_of_the_teacher_moves_or_is_the_students(
    distiller_config: Callable[..., dict],
    mesh_batch: Callable[..., dict],
    teacher: dict,
    statistics: str,
) -> None:
    model = build(distiller_config(teacher_batch_norm=statistics))
    frozen = model._teacher['teacher'].model
    optimizer = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-2))
    model.train_step(mesh_batch(edge=1.0, teacher_edge=1.0), optimizer)
    model.eval()
    model.train()
    assert not frozen.backbone.training
    before = stored(teacher)
    assert all(torch.equal(value, before[key]) for key, value in frozen.state_dict().items())
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
    assert not {id(p) for p in frozen.parameters()} & {id(p) for p in model.parameters()}
    assert model.state_dict().keys() == frozen.state_dict().keys()
    average = ExponentialMovingAverage(model)
    assert average.module.state_dict().keys() == frozen.state_dict().keys()


def test_only_the_teachers_backbone_runs(
    distiller_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    model = build(distiller_config())
    calls = []
    for name, module in model._teacher['teacher'].model.named_children():
        module.register_forward_hook(lambda *_, name=name: calls.append(name))
    losses(model, mesh_batch(edge=1.0, teacher_edge=1.0))
    assert calls == ['backbone']


def test_the_checkpoint_is_a_plain_students(
    distiller_config: Callable[..., dict], mesh_config: Callable[..., dict], tmp_path: Path
) -> None:
    torch.save(build(distiller_config()).state_dict(), tmp_path / 'student.pth')
    plain = MODELS.build(mesh_config(in_channels=4))
    plain.load_state_dict(torch.load(tmp_path / 'student.pth', weights_only=True), strict=True)


def test_testing_works_without_the_teachers_files(
    distiller_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    nowhere = dict(config='nowhere.py', checkpoint='nowhere.pth')
    model = MODELS.build(distiller_config(teacher=nowhere))
    model.eval()
    samples = model.val_step(mesh_batch(2, edge=1.0))
    assert samples[0].pred_instances.vertices.shape[2] == 3
    with pytest.raises(FileNotFoundError, match="teacher 'teacher': .*nowhere"):
        model.init_weights()


def test_a_teacher_checkpoint_for_rgb_is_refused(
    mesh_config: Callable[..., dict], distiller_config: Callable[..., dict], tmp_path: Path
) -> None:
    path = tmp_path / 'rgb.pth'
    torch.save(MODELS.build(mesh_config()).state_dict(), path)
    config = distiller_config(teacher=dict(config=mesh_config(in_channels=4), checkpoint=str(path)))
    match = r'rgb.pth.*backbone.conv1.weight of shape \(8, 3, 7, 7\), expected \(8, 4, 7, 7\)'
    with pytest.raises(ValueError, match=match):
        build(config)


def test_a_student_that_is_another_network_says_so(
    distiller_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    config = distiller_config()
    config['mesh_head'] |= dict(hidden_channels=8)
    with pytest.raises(ValueError, match='mesh_head.*init_from_teacher=False'):
        build(config)
    model = build(config | dict(init_from_teacher=False))
    assert losses(model, mesh_batch(edge=1.0, teacher_edge=1.0))['loss_log_softmax_l1'] > 0
    config['backbone'] |= dict(base_channels=16)
    config['position_head'] |= dict(in_channels=128)
    config['mesh_head'] |= dict(in_channels=128)
    model = build(config | dict(init_from_teacher=False))
    with pytest.raises(ValueError, match='stage 2 of the teacher got shape'):
        losses(model, mesh_batch(edge=1.0, teacher_edge=1.0))


def test_the_teachers_edge_map_must_be_packed(
    distiller_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    with pytest.raises(ValueError, match="without 'teacher_edge'"):
        losses(build(distiller_config()), mesh_batch(edge=1.0))


def test_a_teacher_with_another_normalization_sees_its_own(
    distiller_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    imagenet = dict(type='mmpose_ext.MeshDataPreprocessor', mean=[120, 110, 100], std=[50, 60, 70])
    batch = mesh_batch(edge=1.0, teacher_edge=1.0)
    seen = []
    for options in ({}, dict(data_preprocessor=imagenet)):
        model = build(distiller_config(**options))
        model._teacher['teacher'].model.backbone.register_forward_pre_hook(
            lambda module, args: seen.append(args[0])
        )
        losses(model, batch)
    torch.testing.assert_close(*seen, rtol=1e-4, atol=1e-5)


def test_terms_of_one_kind_have_names_of_their_own(
    distiller_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    def term(name: str, **options: object) -> dict:
        return dict(loss=dict(type=f'mmpose_ext.{name}', **options.pop('loss', {})), **options)

    distill = [
        term('FSPLoss', stages=(0, 1, 2), weights=(1, 2)),
        term('FeatureL1Loss', stages=(3,)),
        term('FeatureL1Loss', stages=(2,)),
        term('GlobalContextLoss', stages=(3,), loss=dict(channels=[64])),
    ]
    model = build(distiller_config(distill=distill))
    total, log = model.parse_losses(losses(model, mesh_batch(edge=1.0, teacher_edge=1.0)))
    names = {'loss_fsp', 'loss_feature_l1', 'loss_feature_l1_2', 'loss_global_context'}
    assert names <= set(log)
    torch.testing.assert_close(total, sum(v for k, v in log.items() if k != 'loss'))
    total.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize(
    ('loss', 'weights', 'expected'), [('LogSoftmaxL1Loss', (1,), 2), ('FSPLoss', (1, 1), 1)]
)
def test_weights_must_fit_the_stages(
    distiller_config: Callable[..., dict], loss: str, weights: tuple, expected: int
) -> None:
    term = dict(loss=dict(type=f'mmpose_ext.{loss}'), stages=(2, 3), weights=weights)
    with pytest.raises(ValueError, match=rf'expected {expected} as'):
        MODELS.build(distiller_config(distill=[term]))
    with pytest.raises(ValueError, match="teacher_batch_norm got 'train'"):
        MODELS.build(distiller_config(teacher_batch_norm='train'))


def test_the_teacher_follows_the_students_memory_layout(
    distiller_config: Callable[..., dict],
) -> None:
    model = build(distiller_config()).to(memory_format=torch.channels_last)
    weight = model._teacher['teacher'].model.backbone.layer1[0].conv1.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)


class FixedCrops(Dataset):
    """The same few crops, whose order and content depend on nothing."""

    metainfo = dict(dataset_name='fixed')

    def __init__(self, batch: dict) -> None:
        self.batch = batch

    def __len__(self) -> int:
        return len(self.batch['data_samples'])

    def __getitem__(self, index: int) -> dict:
        inputs = {name: values[index] for name, values in self.batch['inputs'].items()}
        return dict(inputs=inputs, data_samples=self.batch['data_samples'][index].clone())


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(
    distiller_config: Callable[..., dict], mesh_batch: Callable[..., dict], tmp_path: Path
) -> None:
    crops = FixedCrops(mesh_batch(4, edge=1.0, teacher_edge=1.0))

    def run(name: str, **options: object) -> Runner:
        torch.manual_seed(0)
        runner = Runner(
            distiller_config(teacher_batch_norm='batch'),
            str(tmp_path / name),
            train_dataloader=dict(
                batch_size=2,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=crops,
            ),
            train_cfg=dict(by_epoch=True, max_epochs=2),
            optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3)),
            default_scope='mmpose',
            log_level='WARNING',
            experiment_name=f'{tmp_path.name}-{name}',
            **options,
        )
        runner.train()
        return runner

    whole = run('whole')
    resumed = run('resumed', load_from=str(tmp_path / 'whole' / 'epoch_1.pth'), resume=True)
    assert resumed.iter == whole.iter == 4
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name

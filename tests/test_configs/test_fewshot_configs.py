"""What the third method's configs say, against the thesis, VIBE's code and each other."""

import functools
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import METRICS, MODELS, TRANSFORMS

import mmpose_ext
from mmpose_ext.apis.data_files import fewshot_files
from mmpose_ext.engine.config_checks import ConfigError, check_files

CONFIGS = Path(mmpose_ext.cfg('fewshot_vibe.py')).parent
HEADLINES = ('fewshot_vibe', 'fewshot_metric', 'fewshot_seg', 'fewshot_adapt')
NAMES = [*HEADLINES, *sorted(f'fewshot/{file.stem}' for file in (CONFIGS / 'fewshot').glob('*.py'))]
ON_CLIPS = [name for name in NAMES if not re.search('segmentor|image_hmr', name)]
REAL = [name for name in ON_CLIPS if not name.endswith('_synthetic')]
ADAPTED = [name for name in ON_CLIPS if '/adapt' in name or name == 'fewshot_adapt']

# Strategy, skip step and weight of Table 1's rows, their errors there, and those in Table 2.
THESIS = {
    'excl_w01': ('exclude', 3, 0.1, '92.4542 60.7224 116.7338', '94.8115 56.8036 114.71'),
    'excl_w02': ('exclude', 3, 0.2, '93.8174 60.8965 123.2773', ''),
    'excl_w05': ('exclude', 3, 0.5, '93.3917 60.6369 113.4797', '97.5705 56.4835 114.8364'),
    'incl_w01': ('include', 3, 0.1, '94.8721 61.0294 117.8031', ''),
    'incl_w05': ('include', 3, 0.5, '96.5314 60.7599 118.7517', ''),
    'incl_w10': ('include', 3, 1.0, '92.5125 60.1324 118.1193', '94.0630 56.5464 113.6545'),
    'incl_s5_w05': ('include', 5, 0.5, '95.7067 61.3537 122.7755', ''),
    'incl_s5_w10': ('include', 5, 1.0, '97.0412 61.3988 122.1917', ''),
}


@functools.cache
def load(name):
    return Config.fromfile(CONFIGS / f'{name}.py')


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmpose')


def streams(config):
    """Every loader that is trained with, by the name of its stream."""
    return {'kp3d': config.train_dataloader, **config.train_cfg.get('extra_dataloaders', {})}


def datasets(config):
    """Every clip dataset of a config, inside of shots too."""
    loaders = [*streams(config).values(), config.val_dataloader, config.test_dataloader]
    for loader in loaders:
        yield loader.dataset.dataset if 'FewShotSubset' in loader.dataset.type else loader.dataset


@pytest.mark.parametrize('name', ON_CLIPS)
def test_pipelines_and_metrics_of_all_streams_build(name):
    config = load(name)
    for dataset in datasets(config):
        for step in dataset.pipeline:
            TRANSFORMS.build(step)
        assert dataset.seq_len == 16
    for split in ('val', 'test'):
        METRICS.build(dict(config[f'{split}_evaluator'], body_model='standin'))


@pytest.mark.parametrize('name', ON_CLIPS)
def test_discriminators_have_motions_and_optimizers_of_their_own(name):
    config = load(name)
    has = config.model.get('discriminator') is not None
    assert ('motion' in streams(config)) == has
    assert ('discriminator' in config.optim_wrapper) == has
    assert isinstance(config.param_scheduler, dict) == has
    assert config.model_wrapper_cfg.type == 'MMSeparateDistributedDataParallel'


@pytest.mark.parametrize('name', ON_CLIPS)
def test_features_fit_the_network_and_are_of_one_kind(name):
    config = load(name)
    channels = config.model.head.in_channels
    assert config.model.encoder.in_channels == channels
    read = [dataset for dataset in datasets(config) if dataset.get('feature_file')]
    if 'backbone' in config.model:
        assert not read and config.model.backbone.frozen
        return
    assert {d.feature_channels for d in read} == {channels}
    assert len({(d.feature_backbone, d.crop_scale) for d in read}) == 1
    for dataset in read:
        assert Path(dataset.feature_file).stem == Path(dataset.ann_file).stem


@pytest.mark.parametrize('name', ADAPTED)
def test_shots_and_selection_are_of_the_validation_set_and_apart(name):
    config = load(name)
    shots, held_out = streams(config)['target'].dataset, config.val_dataloader.dataset
    assert held_out.complement and not shots.get('complement')
    for key in ('k', 'seed', 'manifest'):
        assert shots[key] == held_out[key]
    assert f'k{shots.k}_' in shots.manifest
    # What clips there are must not depend on who asks.
    pools = [dict(each.dataset, test_mode=None) for each in (shots, held_out)]
    assert pools[0] == pools[1]
    assert (shots.dataset.tail, shots.dataset.short) == ('drop', 'skip')
    assert shots.dataset.ann_file == 'clips/3dpw_validation.npz'
    assert shots.exclude[0].ann_file == config.test_dataloader.dataset.ann_file
    assert shots.exclude[0].data_root == shots.dataset.data_root
    assert config.default_hooks.checkpoint.save_best == 'all/PA-MPJPE'
    # MMEngine would read SPIN's head, which the source model has replaced.
    assert config.model.head.init_cfg is None
    assert config.model.init_cfg.type == 'Pretrained'


@pytest.mark.parametrize('name', THESIS)
def test_every_metric_row_of_table_1_has_a_config_that_says_so(name):
    strategy, skip, weight, table_1, table_2 = THESIS[name]
    config = load(f'fewshot/metric_thesis_{name}')
    assert [term.feature for term in config.model.metric_losses] == ['encoder', 'joints']
    for term in config.model.metric_losses:
        loss = term.loss
        assert (loss.strategy, loss.skip_step) == (f'{strategy}_nearby', skip)
        assert (loss.form, loss.loss_weight) == ('thesis', weight)
        assert (loss.anchor_reduction, loss.negative_scope) == ('sum', 'clip')
    text = (CONFIGS / f'fewshot/metric_thesis_{name}.py').read_text()
    comment = text.split('_base_')[0].replace('\n# ', ' ')
    for table, row in ((1, table_1), (2, table_2)):
        assert row.replace(' ', ' / ') in comment
        assert (f'Table {table}' in comment) == bool(row)


def test_vibe_has_the_published_sizes_and_schedule():
    model = MODELS.build(dict(load('fewshot_vibe').model, body_model=dict(path='standin')))
    sizes = {
        part: sum(p.numel() for p in getattr(model, part).parameters())
        for part in ('encoder', 'head', 'discriminator')
    }
    assert sizes == dict(encoder=17_840_128, head=3_469_469, discriminator=11_762_690)
    config = load('fewshot/vibe_paper')
    batches = {name: loader.batch_size for name, loader in streams(config).items()}
    assert batches == dict(kp3d=13, kp2d=19, motion=32)
    two = {name: 2 * loader.batch_size for name, loader in streams(load('fewshot_vibe')).items()}
    assert two['kp3d'] + two['kp2d'] == 32 == two['motion']
    assert config.train_cfg.max_iters == 15_000
    rates = {
        part: (wrapper.optimizer.type, wrapper.optimizer.lr, wrapper.optimizer.get('weight_decay'))
        for part, wrapper in config.optim_wrapper.items()
        if part != 'constructor'
    }
    assert rates == dict(generator=('Adam', 5e-5, None), discriminator=('Adam', 1e-4, 1e-4))
    for schedulers in config.param_scheduler.values():
        (plateau,) = schedulers
        assert (plateau.type, plateau.factor, plateau.patience) == ('ReduceOnPlateauLR', 0.1, 5)
        assert plateau.monitor == 'all/PA-MPJPE'
    assert config.model.loss.reduction == 'all'
    assert config.test_evaluator.protocol == 'vibe'


def test_alternatives_change_one_thing():
    vibe = load('fewshot_vibe')
    for name, changed in (
        ('vibe_bigru', {'encoder'}),
        ('vibe_tcmr', {'encoder'}),
        ('vibe_online', {'backbone'}),
        ('vibe_no_discriminator', {'discriminator'}),
        ('../fewshot_metric', {'metric_losses'}),
        ('../fewshot_seg', {'segmentor', 'mask_encoder', 'fusion'}),
    ):
        model = load(f'fewshot/{name}').model
        keys = set(model) | set(vibe.model)
        assert {key for key in keys if model.get(key) != vibe.model.get(key)} == changed
    assert load('fewshot/vibe_bigru').model.encoder.bidirectional


def test_arms_differ_in_the_cross_domain_losses_alone():
    for plain, metric in (
        ('fewshot_adapt', 'fewshot/adapt_metric'),
        ('fewshot/adapt_k100', 'fewshot/adapt_metric_k100'),
        ('fewshot/adapt_k200', 'fewshot/adapt_metric_k200'),
        ('fewshot/adapt_synthetic', 'fewshot/adapt_metric_synthetic'),
    ):
        plain, metric = load(plain), load(metric)
        added = {'cross_domain_losses', 'candidate', 'metric_weight'}
        model = {key: value for key, value in metric.model.items() if key not in added}
        assert model == plain.model and metric.model.cross_domain_losses
        for key in ('train_dataloader', 'train_cfg', 'val_dataloader', 'optim_wrapper'):
            assert metric[key] == plain[key]


def test_algorithm_1_as_printed_has_nothing_but_its_loss():
    model = MODELS.build(
        dict(load('fewshot/adapt_metric_only').model, body_model=dict(path='standin'))
    )
    assert not model.supervise_source and not model.supervise_target
    assert model.discriminator is None
    assert model.cross_domain_losses.features == ['encoder', 'joints']
    assert {loss.form for loss in model.cross_domain_losses.losses} == {'thesis'}


def test_the_foreground_branch_changes_nothing_at_the_start():
    """The seg config at full size would take long, so with a narrow mask network."""
    config = load('fewshot_seg').model
    config = dict(config, segmentor=None, body_model=dict(path='standin'), discriminator=None)
    config['mask_encoder'] = dict(
        config['mask_encoder'],
        backbone=dict(type='ResNet', depth=18, in_channels=1, base_channels=4),
        in_channels=32,
    )
    model = MODELS.build(config).eval()
    features = torch.rand(1, 2, 2048)
    with torch.no_grad():
        fused = model.extract_feat(dict(features=features, mask=torch.rand(1, 2, 1, 32, 32)))
    assert torch.equal(fused, features)


@pytest.mark.parametrize('name', REAL)
def test_data_lie_where_the_data_check_looks_for_them(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = [file.path for file in fewshot_files()]
    loaders = ('train_dataloader', 'train_cfg', 'val_dataloader', 'test_dataloader')
    with pytest.raises(ConfigError) as caught:
        check_files(load(name), ('model', *loaders))
    missing = re.findall(r"(\S+) = '([^']+)'", str(caught.value))
    assert missing
    for _, path in missing:
        root, _, rest = path.partition('/')
        # Trainings write the first, convert_vibe.py the second.
        assert root in ('work_dirs', 'checkpoints') or any(
            root == 'data' and fnmatch(rest.rstrip('/'), pattern) for pattern in known
        ), path

"""What SEFD's configs say, against the paper and the options of its published code."""

import functools
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

import mmpose_ext
from mmpose_ext.apis.data_files import sefd_files
from mmpose_ext.engine.config_checks import ConfigError, check_files
from mmpose_ext.models.distillers.distillation_term import DistillationTerm

CONFIGS = Path(mmpose_ext.cfg('sefd_baseline.py')).parent
HEADLINES = ('sefd_baseline', 'sefd_teacher', 'sefd_student')
NAMES = [*HEADLINES, *sorted(f'sefd/{file.stem}' for file in (CONFIGS / 'sefd').glob('*.py'))]
SPLITS = ('train', 'val', 'test')
REAL = [name for name in NAMES if not name.endswith('_synthetic')]

# MPJPE, PA-MPJPE and MPVPE as the paper prints them, by table, config and row.
TABLES = {
    2: {
        'sefd_baseline': '81.7 51.5 98.3',
        'sefd/canny': '80.05 49.45 95.86',
        'sefd/canny_3x3': '79.87 49.86 95.22',
        'sefd/canny_5x5': '79.16 49.88 94.84',
        'sefd/canny_7x7': '80.06 49.38 95.52',
        'sefd/canny_9x9': '80.45 49.72 95.90',
        'sefd/hed': '79.53 49.91 95.09',
        'sefd/hed_3x3': '80.03 50.12 96.26',
        'sefd/hed_5x5': '80.84 50.35 96.60',
        'sefd/rcf': '79.78 49.94 95.67',
        'sefd/pidinet': '79.78 49.88 95.76',
        'sefd/rtv': '79.94 50.06 95.11',
        'sefd/mask2former': '79.43 49.80 95.13',
        'sefd/teacher_all': '70.07 46.04 84.24',
        'sefd_teacher': '64.75 43.79 78.36',
    },
    3: {
        'sefd/test_teacher_canny': '98.29 62.30 115.99',
        'sefd/see': '81.19 50.67 96.98',
        'sefd_student': '77.37 49.39 92.60',
    },
    6: {
        'sefd/student_l1': '79.15 49.78 94.80',
        'sefd/student_fsp': '79.10 50.11 95.12',
        'sefd/student_kd': '78.68 49.85 94.22',
        'sefd/student_gc': '78.51 49.71 94.50',
        'sefd/student_at': '78.85 49.52 94.46',
        'sefd/student_log_softmax_l1': '78.26 49.85 94.22',
    },
    7: {
        'sefd/student_log_softmax_l1': '78.26 49.85 94.22',
        'sefd/student_stages_234': '77.88 49.15 93.43',
        'sefd_student': '77.37 49.39 92.60',
        'sefd/student_stages_4': '77.92 49.50 93.77',
    },
    8: {
        'sefd_student': '77.37 49.39 92.60',
        'sefd/student_hed': '77.83 49.36 93.24',
        'sefd/student_rcf': '77.72 49.07 93.14',
        'sefd/student_pidinet': '77.80 49.05 93.45',
        'sefd/student_see': '78.87 49.47 94.56',
    },
}
ROWS = [(table, name, row) for table, rows in TABLES.items() for name, row in rows.items()]
SECTIONS = [
    'model',
    *(f'{split}_{part}' for split in SPLITS for part in ('dataloader', 'evaluator')),
]
# Channels of ResNet-50's stages, as the paper numbers them.
STAGES = {1: 256, 2: 512, 3: 1024, 4: 2048}
# Without distillation; the teacher and what is compared with it; with distillation.
SCHEDULES = {'': (10, [6, 8]), 'teacher': (22, [14, 20]), 'student': (14, [10])}


@functools.cache
def load(name):
    return Config.fromfile(CONFIGS / f'{name}.py')


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmpose')


def pipeline(config, split):
    loader = config.get(f'{split}_dataloader')
    return [] if loader is None else loader.dataset.pipeline


def kinds(config, split):
    return [step.type.removeprefix('mmpose_ext.') for step in pipeline(config, split)]


def edges(config, split):
    """What edge maps a pipeline makes: the steps by where they put it."""
    makers = ('RenderSMPLEdge', 'LoadEdgeMap', 'DetectEdges')
    steps = [s for s in pipeline(config, split) if s.type.removeprefix('mmpose_ext.') in makers]
    return {step.get('key', 'edge'): step for step in steps}


def stages_of(config):
    (term,) = config.model.distill
    return list(term.stages)


@pytest.mark.parametrize(('table', 'name', 'row'), ROWS, ids=lambda value: str(value))
def test_every_row_of_the_tables_has_a_config_that_says_so(table, name, row):
    text = (CONFIGS / f'{name}.py').read_text()
    if name not in HEADLINES:
        comment = text.split('_base_')[0].replace('\n# ', ' ')
        assert re.search(rf'Tables? [\d, and]*\b{table}\b', comment)
        assert row.replace(' ', ' / ') in comment


@pytest.mark.parametrize('name', NAMES)
def test_networks_get_the_edges_they_have_a_channel_for(name):
    config = load(name)
    if config.model.type == 'mmpose_ext.SMPLEdgeEstimator':
        assert 'edge' in edges(config, 'train')
        return
    wants = config.model.backbone.get('in_channels', 3) == 4
    for split in SPLITS:
        # From the pipeline or from the model, never from both.
        assert ('edge' in edges(config, split)) + ('edge' in config.model) == wants
    learns = config.model.type == 'mmpose_ext.FeatureDistiller'
    assert ('teacher_edge' in edges(config, 'train')) == learns
    assert 'teacher_edge' not in edges(config, 'val') | edges(config, 'test')


@pytest.mark.parametrize('name', NAMES)
def test_edges_are_made_where_their_picture_is(name):
    for split in SPLITS:
        config = load(name)
        crop = kinds(config, split).index('MeshTopdownAffine') if pipeline(config, split) else None
        for step in edges(config, split).values():
            of_the_crop = step.type.endswith('DetectEdges') or step.get('space') == 'crop'
            assert (pipeline(config, split).index(step) > crop) == of_the_crop


@pytest.mark.parametrize('size', [0, 3, 5, 7, 9])
def test_dilations_are_those_in_the_names(size):
    suffix = f'_{size}x{size}' if size else ''
    for split in SPLITS:
        step = edges(load(f'sefd/canny{suffix}'), split)['edge']
        assert (step.method, step.dilation, step.get('values', 'binary')) == (
            *('canny', size, 'binary'),
        )
    if size <= 5:
        assert load(f'sefd/hed{suffix}').model.edge.get('dilation', 0) == size


def test_teachers_see_the_bodies_and_students_what_an_image_shows():
    for name in ('sefd_teacher', 'sefd/teacher_crop', 'sefd/teacher_all', 'sefd/teacher_release'):
        for split in ('train', 'test'):
            assert edges(load(name), split)['edge'].type == 'mmpose_ext.RenderSMPLEdge'
    assert edges(load('sefd_teacher'), 'train')['edge'].get('mode', 'overlap') == 'overlap'
    assert edges(load('sefd/teacher_all'), 'train')['edge'].mode == 'all'
    for name in REAL:
        step = edges(load(name), 'train').get('teacher_edge')
        if step and name != 'sefd/student_offline':
            assert step.type == 'mmpose_ext.RenderSMPLEdge'
    misplaced = load('sefd/test_teacher_canny')
    assert edges(misplaced, 'test')['edge'].method == 'canny'
    assert misplaced.model == load('sefd_teacher').model


def test_table_7_distills_the_stages_it_names():
    model = MODELS.build(load('sefd_student').model).eval()
    inputs = dict(
        img=torch.rand(1, 3, 64, 64),
        edge=torch.zeros(1, 1, 64, 64),
        joints=torch.zeros(1, 30, 2),
        joints_mask=torch.zeros(1, 30, 1),
    )
    with torch.no_grad():
        maps = model.extract_feat(inputs)
    channels = [stage.shape[1] for stage in maps]
    named = {
        'sefd/student_log_softmax_l1': (1, 2, 3, 4),
        'sefd/student_stages_234': (2, 3, 4),
        'sefd_student': (3, 4),
        'sefd/student_stages_4': (4,),
    }
    for name, numbers in named.items():
        assert load(name).model.distill[0].loss.type == 'mmpose_ext.LogSoftmaxL1Loss'
        chosen = [channels[index] for index in stages_of(load(name))]
        assert chosen == [STAGES[number] for number in numbers]


@pytest.mark.parametrize('name', TABLES[6])
def test_table_6_compares_all_stages_of_the_network(name):
    config = load(name)
    assert stages_of(config) == [0, 1, 2, 3]
    term = DistillationTerm(**config.model.distill[0])
    torch.manual_seed(0)
    sizes = (8, 4, 2, 1)
    maps = [torch.rand(2, width, size, size) for width, size in zip(STAGES.values(), sizes)]
    assert term(maps, maps).abs() < 1e-6
    for changed in range(len(maps)):
        others = [m + torch.rand_like(m) * (i == changed) for i, m in enumerate(maps)]
        # A map of one cell holds no attention to transfer.
        if name != 'sefd/student_at' or changed < 3:
            assert term(maps, others) > 1e-5
    assert len({load(other).model.distill[0].loss.type for other in TABLES[6]}) == 6


@pytest.mark.parametrize('name', [n for n in REAL if not re.search('release|estimator|test_', n)])
def test_schedules_are_those_of_the_supplement(name):
    family = re.search('teacher|student|$', name)[0]
    config = load(name)
    epochs, milestones = SCHEDULES[family]
    assert config.train_cfg.max_epochs == epochs
    assert list(config.param_scheduler[0].milestones) == milestones
    assert config.optim_wrapper.optimizer == dict(type='Adam', lr=1e-4)
    assert config.train_dataloader.batch_size == 64


@pytest.mark.parametrize('name', NAMES)
def test_checkpoints_of_other_trainings_are_their_last_epochs(name):
    model = load(name).model
    named = [model.get(key, {}).get('checkpoint', '') for key in ('teacher', 'edge')]
    for checkpoint in named:
        if checkpoint.startswith('work_dirs/'):
            _, training, file = checkpoint.split('/')
            (path,) = CONFIGS.rglob(f'{training}.py')
            assert file == f'epoch_{Config.fromfile(path).train_cfg.max_epochs}.pth'
    if 'teacher' in model:
        assert Path(model.teacher.config).stem == model.teacher.checkpoint.split('/')[1]
        assert mmpose_ext.cfg(model.teacher.config)


def test_release_trains_as_published():
    baseline, teacher, student = (
        load(f'sefd/{name}_release') for name in ('baseline', 'teacher', 'student')
    )
    for config in (baseline, teacher, student):
        model = config.model
        assert model.position_head.bin_centers is False
        assert set(model.mesh_head.root_bias) == set(model.mesh_head.camera_bias) == {0}
        assert model.pose_prior.type == 'mmpose_ext.VPoserDecoder'
        assert (model.loss.reduction, model.loss.pose) == ('all', 'axis_angle')
        steps = dict(zip(kinds(config, 'train'), pipeline(config, 'train')))
        assert steps['CorruptPose2D'].pelvis == 'clean'
        assert steps['MeshTopdownAffine'].reduced_decoding is False
        assert config.optim_wrapper.optimizer.type == 'Adam'
    rates = [config.optim_wrapper.optimizer.lr for config in (baseline, teacher, student)]
    assert rates == [1e-3, 1e-4, 1e-4]

    for step in (
        *(edges(teacher, split)['edge'] for split in SPLITS),
        edges(student, 'train')['teacher_edge'],
    ):
        assert (step.dilation, step['values']) == ('release', 'magnitude')
        assert step.get('mode', 'overlap') == 'overlap'
    for split in SPLITS:
        step = edges(student, split)['edge']
        assert (step.method, step.dilation, step['values']) == ('canny', 5, 'magnitude')
        assert step.swapped_gray is True

    (term,) = student.model.distill
    assert term.loss.type == 'mmpose_ext.LogSoftmaxL1Loss'
    assert (list(term.stages), list(term.weights)) == ([2, 3], [1, 2])
    assert student.model.teacher_batch_norm == 'batch'
    assert student.model.get('init_from_teacher', True)


def test_release_has_the_published_data_boxes_and_epochs():
    sources = {
        'baseline': [['Human36MMesh'], ['CocoMesh']],
        'teacher': [['Human36MMesh', 'MuCoMesh', 'MuCoMesh'], ['CocoMesh', 'MpiiMesh']],
    }
    sources['student'] = sources['teacher']
    boxes = dict(baseline='pose2d', teacher='gt', student='gt')
    # Of "20" and "14" epochs, counted from 1 to the last but one; divided at 10 and 15, and at 10.
    rates = {'baseline': [0] * 9 + [1] * 5 + [2] * 5, 'teacher': [0] * 9 + [1] * 4}
    rates['student'] = rates['teacher']
    for name in boxes:
        config = load(f'sefd/{name}_release')
        groups = config.train_dataloader.dataset.groups
        types = [[dataset.type.removeprefix('mmpose_ext.') for dataset in g] for g in groups]
        assert types == sources[name]
        for loader in (config.val_dataloader, config.test_dataloader):
            assert loader.dataset.bbox_source == boxes[name]
        (scheduler,) = config.param_scheduler
        epochs = range(config.train_cfg.max_epochs)
        divisions = [sum(epoch >= m for m in scheduler.milestones) for epoch in epochs]
        assert divisions == rates[name]


@pytest.mark.parametrize(('name', 'extra'), [('baseline', 0), ('teacher', 3136)])
def test_release_has_the_published_number_of_parameters(name, extra):
    model = MODELS.build(load(f'sefd/{name}_release').model)
    assert sum(p.numel() for p in model.parameters()) == 30_208_169 + extra


@pytest.mark.parametrize('name', REAL)
def test_data_lie_where_the_data_check_looks_for_them(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = [file.path for file in sefd_files()]
    with pytest.raises(ConfigError) as caught:
        check_files(load(name), SECTIONS)
    missing = re.findall(r"(\S+) = '([^']+)'", str(caught.value))
    assert missing
    for key, path in missing:
        root, _, rest = path.partition('/')
        # What trainings and make_edges.py write is no download.
        made_here = root == 'work_dirs' or key.endswith('.edge_prefix')
        assert made_here or any(
            root == 'data' and fnmatch(rest.rstrip('/'), pattern) for pattern in known
        ), path

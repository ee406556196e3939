from mmengine.config import Config
from mmengine.registry import Registry
from mmpose import registry as mmpose_registry

from mmpose_ext import registry

NAMES = (
    'DATASETS',
    'TRANSFORMS',
    'DATA_SAMPLERS',
    'MODELS',
    'METRICS',
    'EVALUATORS',
    'HOOKS',
    'VISUALIZERS',
)


def test_registries_are_children_of_mmposes():
    for name in NAMES:
        child = getattr(registry, name)
        assert child.parent is getattr(mmpose_registry, name)
        assert child.scope == 'mmpose_ext'


def test_classes_are_found_without_custom_imports(run_command):
    code = (
        'import mmpose_ext; from mmpose.registry import HOOKS, DATASETS, MODELS; '
        'print(*(r.get(f"mmpose_ext.{n}").__name__ for r, n in '
        '[(HOOKS, "CurvesHook"), (DATASETS, "UnionDataset"), (MODELS, "MultiTeacherDistiller")]))'
    )
    found = run_command('python', '-c', code).stdout.split()
    assert found[-3:] == ['CurvesHook', 'UnionDataset', 'MultiTeacherDistiller']


def test_register_all_modules_serves_the_hub():
    from mmengine.utils import import_modules_from_strings

    import_modules_from_strings('mmpose_ext.utils').register_all_modules(init_default_scope=False)
    assert 'EpochSeedHook' in registry.HOOKS.module_dict


def test_types_of_all_configs_are_registered(repository):
    known = [value for value in vars(registry).values() if isinstance(value, Registry)]
    for file in repository.joinpath('configs').rglob('*.py'):
        if '_base_' in file.parts:
            continue
        for name in ours(Config.fromfile(file)._cfg_dict):
            assert any(r.get(f'mmpose_ext.{name}') for r in known), f'{file}: {name}'


def ours(node):
    """Names after ``mmpose_ext.`` in all ``type`` entries."""
    if isinstance(node, dict):
        if isinstance(node.get('type'), str) and node['type'].startswith('mmpose_ext.'):
            yield node['type'].partition('.')[2]
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from ours(item)

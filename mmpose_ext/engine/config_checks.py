"""Checks of a config before anything is built: one clear error instead of a late traceback."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmpose_ext.body_models import STANDIN
from mmpose_ext.body_models.loading import WHERE_TO_GET
from mmpose_ext.config_path import cfg

SYNTHETIC_HINT = (
    'Without the real datasets, make synthetic ones with\n'
    '    python tools/make_synthetic.py pose --out data/synthetic       (unified)\n'
    '    python tools/make_synthetic.py mesh --out data/synthetic_mesh  (sefd)\n'
    '    python tools/make_synthetic.py video --out data/synthetic_video  (fewshot)\n'
    'and use a *_synthetic config.'
)
# Below the data_root of their dataset, as ann_file is; other files are as they are.
_DATA_FILES = ('ann_file', 'smpl_file', 'pose2d_file', 'crowd_pose_file', 'feature_file')
# Read by MMPose relative to its own package, or written instead of read.
_OTHER_FILES = ('from_file', 'out_file', 'log_file')


class ConfigError(ValueError):
    """A config cannot be run as it is."""


def check_dataset_type(config: Config) -> None:
    """Require ``dataset_type``, by which MMPose's inferencer finds the person detector.

    Raises:
        ConfigError: If the config does not define it.
    """
    if not config.get('dataset_type'):
        raise ConfigError(
            f'{config.filename} defines no dataset_type. MMPoseInferencer reads it to choose the '
            "person detector; add for example dataset_type = 'mmpose_ext.UnionDataset'"
        )


def check_files(config: Config, sections: Sequence[str]) -> None:
    """Require every file that the given sections of a config read.

    Annotation, box and head box files, image folders, body models, folders of edge maps, and the
    configs and checkpoints of teachers and pretrained backbones are looked for; addresses with a
    scheme are left alone.

    Args:
        config: The merged config.
        sections: Top-level keys to look into, for example ``('model', 'train_dataloader')``.

    Raises:
        ConfigError: If files are missing; the message lists config key and path of each.
    """
    missing = [
        (key, str(path))
        for section in sections
        for key, path in _paths(config.get(section), section, data_root='')
        if '://' not in str(path) and not Path(path).exists() and not _is_shipped(key, path)
    ]
    if missing:
        found = '\n'.join(f'  {key} = {path!r}' for key, path in missing)
        if any('body_model' in key for key, _ in missing):
            found += f'\n{WHERE_TO_GET}.'
        raise ConfigError(
            f'{config.filename} names files that do not exist (relative paths start from '
            f'{Path.cwd()}):\n{found}\n{SYNTHETIC_HINT}'
        )


def _paths(node: Any, key: str, data_root: str) -> Iterator[tuple[str, Path | str]]:
    if isinstance(node, Mapping):
        data_root = node.get('data_root') or data_root
        for name, value in node.items():
            here = f'{key}.{name}'
            if name == 'data_prefix' and isinstance(value, Mapping):
                for kind, folder in value.items():
                    yield f'{here}.{kind}', _join(data_root, folder)
            elif isinstance(value, str) and value:
                if name in _DATA_FILES:
                    yield here, _join(data_root, value)
                elif _is_file(name, key, node):
                    yield here, value
            else:
                yield from _paths(value, here, data_root)
    elif isinstance(node, (list, tuple)):
        for index, item in enumerate(node):
            yield from _paths(item, f'{key}[{index}]', data_root)


def _is_file(name: str, key: str, node: Mapping[str, Any]) -> bool:
    """Whether an entry is a path that must exist."""
    if name == 'body_model' or (name == 'path' and key.endswith('.body_model')):
        return node[name] != STANDIN
    if name == 'edge_prefix':
        return node.get('missing') != 'zeros'
    return name in ('config', 'checkpoint') or (name.endswith('_file') and name not in _OTHER_FILES)


def _is_shipped(key: str, path: Path | str) -> bool:
    """Whether this is a teacher's config of an installed package, or one that ships with ours."""
    if not key.endswith('.config'):
        return False
    if '::' in str(path):
        return True
    try:
        cfg(str(path))
    except FileNotFoundError:
        return False
    return True


def _join(data_root: str, path: str) -> Path | str:
    # pathlib would make one slash of the two after the scheme of an object store.
    if '://' in path or '://' in data_root:
        return path if '://' in path else f'{data_root.rstrip("/")}/{path}'
    return Path(data_root, path)

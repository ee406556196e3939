"""Imports point downwards only."""

import ast
from pathlib import Path

# What each part may import; the first column's order is the order of the layers.
LAYERS = (
    {'version', 'compat', 'config_path', 'hdf5'},
    {'registry'},
    {'skeletons', 'geometry'},
    {'body_models', 'rendering'},
    {'synthetic'},
    {'codecs'},
    {'datasets', 'models', 'evaluation', 'engine', 'visualization', 'structures'},
    {'apis', 'testing'},
    {'utils'},
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
SIBLINGS_ALLOWED = {'datasets', 'models', 'evaluation', 'engine', 'visualization'}
# The pure parts know neither registries nor runners.
PURE = {'skeletons', 'geometry', 'body_models', 'rendering', 'synthetic'}


def imported(file: Path, root: Path) -> set[str]:
    """Parts of the package that a module imports, whether absolute or relative."""
    parts = set()
    folder = file.relative_to(root).parts[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                base = '.'.join((*folder[: len(folder) - node.level + 1], *filter(None, [base])))
            names = [base] if base.count('.') else [f'{base}.{alias.name}' for alias in node.names]
        else:
            continue
        parts |= {name.split('.')[1] for name in names if name.startswith('mmpose_ext.')}
    return parts


def test_imports_point_downwards(repository):
    package = repository / 'mmpose_ext'
    wrong = []
    for file in sorted(package.rglob('*.py')):
        inside = file.relative_to(package)
        if '.mim' in inside.parts or inside == Path('__init__.py'):
            continue
        part = inside.parts[0].removesuffix('.py')
        assert part in LEVEL, f'{part} has no layer yet'
        for other in imported(file, repository) - {part}:
            level = LEVEL.get(other, 0)
            same = level == LEVEL[part] and {part, other} <= SIBLINGS_ALLOWED
            pure = part in PURE and other == 'registry'
            if pure or (level >= LEVEL[part] and not same):
                wrong.append(f'{inside} imports {other}')
    assert not wrong

import importlib.util
import shutil
from pathlib import Path

import pytest

from mmpose_ext.synthetic.generate import Generation
from mmpose_ext.synthetic.mesh_image import make_street_image, make_studio_image, make_wild_image
from mmpose_ext.synthetic.mesh_plan import mesh_plan

# That of the data sets in conftest.py.
SEED = 3
TOOL = Path(__file__).parents[2] / 'tools' / 'make_synthetic.py'


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


def finish(generation, **options):
    return list(generation.run(**options))[-1]


@pytest.fixture(scope='module')
def tool():
    spec = importlib.util.spec_from_file_location('make_synthetic', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_worker_processes_and_shards_give_the_same_bytes(tmp_path, mesh_set, tool):
    command = ['mesh', '--size', 'tiny', '--seed', str(SEED), '--out', str(tmp_path)]
    assert tool.main([*command, '--shard', '1/2', '--workers', '0']) == 0
    assert not list(tmp_path.rglob('annotations'))
    assert tool.main([*command, '--shard', '0/2', '--workers', '2']) == 0
    assert contents(tmp_path) == contents(mesh_set)


def test_damage_in_sub_folders_is_found_and_mended(tmp_path, mesh_set):
    out = tmp_path / 'copy'
    shutil.copytree(mesh_set, out)
    before = contents(out)
    assert Generation(mesh_plan('tiny'), out, SEED).is_complete()
    images = [sorted((out / name).rglob('*.jpg')) for name in ('Human36M', 'PW3D')]
    images[0][0].write_bytes(b'')
    images[1][-1].unlink()
    (images[0][1].parent / f'.{images[0][1].name}.tmp-1').write_bytes(b'half')
    generation = Generation(mesh_plan('tiny'), out, SEED)
    assert not generation.is_complete()
    assert finish(generation, workers=0).made == 2
    assert contents(out) == before
    assert generation.is_complete()


@pytest.mark.parametrize(
    ('name', 'make'),
    [
        ('human36m_train', make_studio_image),
        ('coco_train', make_wild_image),
        ('pw3d_test_crowd', make_street_image),
    ],
)
def test_images_depend_on_seed_and_number_alone(name, make, bodies, neutral):
    split = next(split for split in mesh_plan('tiny').splits if split.name == name)
    own = {g: dict(bodies, neutral=neutral)[g] for g in split.genders}
    first = make(split, 1, 5, own)
    make(split, 0, 5, own)
    assert make(split, 1, 5, own) == first
    assert make(split, 1, 6, own)[0] != first[0]
    assert make(split, 0, 5, own)[0] != first[0]

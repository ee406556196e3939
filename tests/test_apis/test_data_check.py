"""Which data files are there, readable and complete."""

import json
import os

import numpy as np
import pytest
from scipy.io import savemat

from mmpose_ext.apis.data_check import (
    PROBLEMS,
    DataFile,
    DataFileError,
    check_data,
    coco_tables,
    entries,
    entries_of,
    every,
    images_of,
    matrix,
)
from mmpose_ext.apis.data_files import sefd_files
from mmpose_ext.body_models import write_standin


def table(images, annotations):
    return dict(
        images=[dict(id=n, file_name=name) for n, name in images.items()],
        annotations=[dict(id=n, image_id=image) for n, image in annotations.items()],
    )


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def state_of(check, path, root, needed=True):
    (row,) = check_data([DataFile('d', path, check, 'somewhere', needed)], root)
    return row.state, row.detail


def test_missing_files_are_problems_only_if_needed(tmp_path):
    assert state_of(entries, 'a.json', tmp_path) == ('missing', '')
    assert state_of(entries, 'a.json', tmp_path, needed=False) == ('optional', '')
    assert 'missing' in PROBLEMS and 'optional' not in PROBLEMS


def test_coco_files_are_counted_and_their_parts_belong_together(tmp_path, write):
    write('good.json', table({1: 'a.jpg', 2: 'b.jpg'}, {7: 1, 8: 1, 9: 2}))
    write('stray.json', table({1: 'a.jpg'}, {7: 1, 8: 5}))
    write('empty.json', table({1: 'a.jpg'}, {}))
    write('other.json', dict(people=[]))
    write('cut.json', '{"images": [')

    def found(name):
        return state_of(coco_tables, name, tmp_path)

    assert found('good.json') == ('ok', '2 images, 3 annotations')
    assert found('stray.json') == ('damaged', '1 annotations are of images that it does not list')
    assert found('empty.json') == ('incomplete', 'no annotations')
    assert found('other.json')[0] == 'damaged'
    state, detail = found('cut.json')
    assert state == 'damaged' and detail.startswith('no valid JSON')


def test_parameters_are_compared_with_the_annotations(tmp_path, write):
    write('people.json', table({1: 'a.jpg'}, {7: 1, 8: 1, 9: 1}))
    write('fits.json', {'7': 0, '9': 0, '100': 0})
    write('others.json', {'100': 0})
    check = entries_of('people.json')

    expected = '3 entries, for 2 of the 3 people in people.json'
    assert state_of(check, 'fits.json', tmp_path) == ('ok', expected)
    state, detail = state_of(check, 'others.json', tmp_path)
    assert state == 'damaged' and 'none of them of a person in people.json' in detail
    alone = state_of(entries_of('no.json'), 'fits.json', tmp_path)
    assert alone == ('ok', '3 entries; no.json is missing')


def test_folders_have_the_images_that_annotations_list(tmp_path, write):
    write('annotations/a.json', table({1: 'x/1.jpg', 2: 'x/2.jpg', 3: 'unused.jpg'}, {5: 1, 6: 2}))
    write('annotations/b.json', table({1: '3.jpg'}, {5: 1}))
    for name in ('images/x/1.jpg', 'images/3.jpg'):
        write(name, '')
    check = images_of(['../annotations/a.json', '../annotations/b.json', '../annotations/c.json'])

    expected = ('incomplete', '2 of 3 images, missing e.g. x/2.jpg')
    assert state_of(check, 'images', tmp_path) == expected
    write('images/x/2.jpg', '')
    assert state_of(check, 'images', tmp_path) == ('ok', '3 images')
    without = state_of(images_of(['../annotations/c.json']), 'images', tmp_path)
    assert without[0] == 'ok' and 'no annotation file' in without[1]


def test_linked_folders_are_compared_with_the_annotations_beside_the_link(tmp_path, write):
    write('disk/images/1.jpg', '')
    write('data/a.json', table({1: '1.jpg', 2: '2.jpg'}, {5: 1, 6: 2}))
    os.symlink(tmp_path / 'disk/images', tmp_path / 'data/images')

    state, _ = state_of(images_of(['../a.json']), 'data/images', tmp_path)

    assert state == 'incomplete'


def test_several_files_count_as_one(tmp_path, write):
    names = [f'subject{n}.json' for n in (1, 5)]
    check = every(names, entries)
    write(names[0], {'a': 1})

    found = state_of(check, 'subject*.json', tmp_path)
    assert found == ('incomplete', '1 of 2 files, missing: subject5.json')
    write(names[1], {})
    state, detail = state_of(check, 'subject*.json', tmp_path)
    assert state == 'damaged' and detail.startswith('subject5.json: ')
    write(names[1], {'a': 1})
    assert state_of(check, 'subject*.json', tmp_path) == ('ok', '2 files')


def test_matrices_are_finite_and_of_the_bodys_size(tmp_path):
    for name, array in dict(
        good=np.ones((17, 40)), wide=np.ones((17, 41)), nan=np.full((17, 40), np.nan)
    ).items():
        np.save(tmp_path / f'{name}.npy', array)
    np.save(tmp_path / 'object.npy', np.array([{}], object))
    (tmp_path / 'cut.npy').write_bytes((tmp_path / 'good.npy').read_bytes()[:200])

    states = {p.stem: state_of(matrix(40), p.name, tmp_path)[0] for p in tmp_path.iterdir()}

    assert states.pop('good') == 'ok'
    assert set(states.values()) == {'damaged'} and len(states) == 4


def test_a_check_may_say_how_bad_it_is():
    with pytest.raises(DataFileError) as caught:
        raise DataFileError('half of it', 'incomplete')
    assert caught.value.state == 'incomplete'


def test_every_dataset_of_the_method_is_listed_with_an_origin():
    files = sefd_files()

    datasets = {file.dataset for file in files}
    assert datasets >= {
        *('SMPL', 'Human3.6M', 'MuCo-3DHP', 'COCO', 'MPII', '3DPW', 'MuPoTS-3D', 'CrowdPose'),
        *('OCHuman', 'LSP', 'Relative Human', 'pretrained', 'edge detectors'),
    }
    assert all('https://' in file.origin or 'http://' in file.origin for file in files)
    needed = {file.dataset for file in files if file.needed}
    assert needed == {'SMPL', 'Human3.6M', 'MuCo-3DHP', 'COCO', 'MPII', '3DPW'}


def test_formats_other_than_json_are_read(tmp_path):
    (tmp_path / 'lsp/images').mkdir(parents=True)
    savemat(tmp_path / 'lsp/joints.mat', dict(joints=np.zeros((3, 14, 5))))
    (tmp_path / 'relative_human/images').mkdir(parents=True)
    (tmp_path / 'relative_human/images/a.jpg').touch()
    people = {'a.jpg': [{}, {}], 'b.jpg': [{}]}
    np.savez(tmp_path / 'relative_human/test_annots.npz', annots=people)
    write_standin(tmp_path / 'body_models/smpl')

    files = [f for f in sefd_files() if f.dataset in ('LSP', 'Relative Human', 'SMPL')]
    rows = {row.file.path: row for row in check_data(files, tmp_path)}

    assert rows['lsp/joints.mat'].detail == 'joints of shape (3, 14, 5), expected (3, 14, 2000)'
    assert rows['lsp/images'].detail == '0 of 2000 images, missing e.g. im0001.jpg'
    assert rows['relative_human/test_annots.npz'].detail == '2 images, 3 people'
    assert rows['relative_human/images'].detail == '1 of 2 images, missing e.g. b.jpg'
    neutral = rows['body_models/smpl/SMPL_NEUTRAL.*']
    assert neutral.state == 'ok' and neutral.detail.startswith('6890 vertices')


def test_the_command_prints_a_table_and_says_by_its_exit_code(tmp_path, repository, run_command):
    write_standin(tmp_path / 'body_models/smpl')
    command = ('python', repository / 'tools/check_data.py', 'sefd', '--data-root', tmp_path)

    good = run_command(*command, '--datasets', 'SMPL', 'LSP')
    assert 'All that sefd needs is there' in good.stdout
    assert 'sam.johnson.io' in good.stdout
    (tmp_path / 'body_models/smpl/J_regressor_extra.npy').write_bytes(b'no array')
    bad = run_command(*command, '--datasets', 'SMPL', 'COCO', check=False)
    assert bad.returncode == 1
    assert 'damaged' in bad.stdout and 'https://cocodataset.org' in bad.stdout
    unknown = run_command(*command, '--datasets', 'Coco', check=False)
    assert unknown.returncode == 2 and "got ['Coco']" in unknown.stderr

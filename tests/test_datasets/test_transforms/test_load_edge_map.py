import cv2
import numpy as np
import pytest

from mmpose_ext.datasets.transforms import LoadEdgeMap
from mmpose_ext.datasets.transforms.load_edge_map import edge_file_name


@pytest.fixture
def edges(tmp_path):
    """A map of the image ``images/a/1.jpg``, which has 12 x 9 pixels."""
    content = np.random.default_rng(0).integers(0, 256, (9, 12), np.uint8)
    (tmp_path / 'edges/a').mkdir(parents=True)
    cv2.imwrite(str(tmp_path / 'edges/a/1.png'), content)
    return content


@pytest.fixture
def load(tmp_path):
    def load(name='a/1.jpg', shape=(9, 12), **settings):
        transform = LoadEdgeMap(f'{tmp_path}/edges', f'{tmp_path}/images', **settings)
        return transform(dict(img_path=f'{tmp_path}/images/{name}', img_shape=shape))['edge']

    return load


def test_a_map_is_found_where_its_image_is(edges, load):
    for settings in (dict(), dict(backend_args=dict(backend='local')), dict(missing='zeros')):
        loaded = load(**settings)
        assert loaded.dtype == np.float32
        np.testing.assert_allclose(loaded, edges / 255, atol=1e-7)


@pytest.mark.parametrize(
    'path, prefix, naming, name',
    [
        ('data/coco/1.jpg', 'data', '{stem}.png', 'coco/1.png'),
        ('data/coco/1.jpg', 'data/', '{path}.png', 'coco/1.jpg.png'),
        ('s3://bucket/x/1.v2.jpg', 's3://bucket', '{stem}.png', 'x/1.v2.png'),
        ('1.jpg', '', '{path}', '1.jpg'),
        ('data/a/1.jpg', 'data', 'edges_{path}', 'edges_a/1.jpg'),
    ],
)
def test_naming(path, prefix, naming, name):
    assert edge_file_name(path, prefix, naming) == name


@pytest.mark.parametrize('path', ['other/1.jpg', 'database/1.jpg', 'data/../1.jpg'])
def test_images_elsewhere_are_refused(path):
    with pytest.raises(ValueError, match='does not lie in img_prefix'):
        edge_file_name(path, 'data')


@pytest.mark.parametrize('naming', ['edge.png', '{name}.png', '{}', '{stem'])
def test_impossible_names_are_refused(naming):
    with pytest.raises(ValueError, match='naming got'):
        LoadEdgeMap(naming=naming)


def test_a_missing_map_is_an_error_or_empty(edges, load):
    with pytest.raises(FileNotFoundError, match=r'a/2\.png.*make_edges'):
        load('a/2.jpg')
    with pytest.warns(UserWarning, match=r'a/2\.png'):
        nothing = load('a/2.jpg', (3, 4), missing='zeros')
    assert nothing.shape == (3, 4) and not nothing.any()
    with pytest.raises(ValueError, match="missing got 'skip'"):
        LoadEdgeMap(missing='skip')


def test_a_map_of_another_size_is_refused(edges, load):
    with pytest.raises(ValueError, match=r'\(9, 12\), expected \(12, 9\)'):
        load(shape=(12, 9))


@pytest.mark.parametrize('keep', [0, 20, -10])
def test_a_damaged_map_is_refused(edges, load, tmp_path, keep):
    path = tmp_path / 'edges/a/1.png'
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r'a/1\.png.*is damaged'):
        load()

import json
import zlib
from dataclasses import replace

import numpy as np
import pytest

from mmpose_ext.datasets.datasets.video import FeatureManifest, rows_crc32

_IDS, _FRAMES = ['a', 'a', 'b'], [0, 1, 7]


@pytest.fixture
def manifest():
    return FeatureManifest(
        ann_file='3dpw_train.npz',
        ann_crc32=rows_crc32(_IDS, _FRAMES),
        rows=3,
        channels=8,
        backbone='tiny',
        checkpoint='tiny.pth',
        checkpoint_crc32=5,
        crop_scale=1.2,
        input_size=32,
    )


def test_the_fingerprint_ignores_types_and_sees_order():
    expected = zlib.crc32(b'a\na\nb' + np.array(_FRAMES, '<i8').tobytes())
    assert rows_crc32(_IDS, _FRAMES) == expected
    assert rows_crc32(np.array(_IDS, 'U40'), np.array(_FRAMES, np.int32)) == expected
    assert rows_crc32(['a', 'b', 'a'], _FRAMES) != expected
    assert rows_crc32(_IDS, [1, 0, 7]) != expected
    with pytest.raises(ValueError, match='2 video_ids and 3 frame_idx'):
        rows_crc32(['a', 'b'], _FRAMES)


def test_what_is_written_is_read(manifest, tmp_path):
    path = manifest.write(tmp_path / 'deep/tiny.npy')
    assert path == tmp_path / 'deep/tiny.json'
    assert FeatureManifest.read(tmp_path / 'deep/tiny.npy') == manifest
    assert FeatureManifest.read(path) == manifest
    assert [file.name for file in path.parent.iterdir()] == ['tiny.json']


def test_fitting_features_pass(manifest):
    manifest.check(rows_crc32(_IDS, _FRAMES), 3)
    manifest.check(rows_crc32(_IDS, _FRAMES), 3, backbone='tiny', crop_scale=1.2, channels=8)


def test_other_features_are_refused(manifest):
    crc = rows_crc32(_IDS, _FRAMES)
    with pytest.raises(ValueError, match=r'3dpw_train\.npz .*3 rows, expected 4'):
        manifest.check(crc, 4)
    with pytest.raises(ValueError, match='other frames, or in another order'):
        manifest.check(crc + 1, 3)
    with pytest.raises(ValueError, match=r"'tiny', expected 'spin'.*1\.2, expected 1\.3.*8 chan"):
        manifest.check(crc, 3, backbone='spin', crop_scale=1.3, channels=2048)


def test_damaged_manifests_are_named(manifest, tmp_path):
    file = tmp_path / 'tiny.npy'
    with pytest.raises(FileNotFoundError, match=r'tiny\.json is missing.*extract_features'):
        FeatureManifest.read(file)
    path = manifest.write(file)
    content = json.loads(path.read_text())
    path.write_text(path.read_text()[:-9])
    with pytest.raises(ValueError, match=r'tiny\.json is damaged'):
        FeatureManifest.read(file)
    del content['rows']
    path.write_text(json.dumps(content | dict(thesis=1)))
    with pytest.raises(ValueError, match=r"lacks \['rows'\] and has the unknown \['thesis'\]"):
        FeatureManifest.read(file)
    path.write_text('[]')
    with pytest.raises(ValueError, match='not a manifest'):
        FeatureManifest.read(file)
    replace(manifest, version=0).write(file)
    with pytest.raises(ValueError, match='version 0'):
        FeatureManifest.read(file)

import pickle
from pathlib import Path

import pytest
import torch

from mmpose_ext.models.weight_files import local_copy, read_plain_data, read_weights

WEIGHTS = {'conv.weight': torch.arange(6.0), 'conv.bias': torch.ones(2)}


def wrapped(**others):
    return {f'module.{name}': value for name, value in WEIGHTS.items()} | others


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


@pytest.mark.parametrize(
    'content', [WEIGHTS, wrapped(), dict(state_dict=WEIGHTS, epoch=3), dict(state_dict=wrapped())]
)
def test_what_training_tools_put_around_weights_is_taken_off(tmp_path, content):
    torch.save(content, tmp_path / 'a.pth')
    assert_equal(read_weights('model', tmp_path / 'a.pth', ''), WEIGHTS)


def test_a_part_that_is_called_module_keeps_its_name(tmp_path):
    mixed = wrapped(scale=torch.zeros(1))
    torch.save(mixed, tmp_path / 'a.pth')
    assert_equal(read_weights('model', tmp_path / 'a.pth', ''), mixed)


def test_a_missing_file_comes_with_advice():
    with pytest.raises(FileNotFoundError, match=r"^HED: checkpoint got 'no\.pth', .* Fetch it\."):
        read_weights('HED', 'no.pth', 'Fetch it.')


class Poison:
    """Creates a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


def test_code_in_a_file_does_not_run(tmp_path):
    target, path = tmp_path / 'ran', tmp_path / 'poisoned.pth'
    torch.save(dict(state_dict=Poison(target)), path)
    for read in (read_weights, read_plain_data):
        with pytest.raises(ValueError, match="^teacher 'coco'.*poisoned.pth' got refused"):
            read("teacher 'coco'", path, '')
    assert not target.exists()
    pickle.loads(pickle.dumps(Poison(target)))
    assert target.exists(), 'the poison itself must work, or the test shows nothing'


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(WEIGHTS, path)
    whole = path.read_bytes()
    for content in (b'', whole[: len(whole) // 2], b'no weights'):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="a.pth' got refused"):
            read_weights('HED', path, '')


@pytest.mark.parametrize('content', [[1, 2], {3: torch.ones(1)}, dict(state_dict=torch.ones(1))])
def test_files_of_anything_else_are_refused(tmp_path, content):
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match="a.pth' got a .*expected weights by name"):
        read_weights('HED', tmp_path / 'a.pth', '')


def test_a_url_is_downloaded_once(tmp_path, monkeypatch):
    fetched = []

    def download(url, path):
        fetched.append(url)
        torch.save(WEIGHTS, path)

    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    monkeypatch.setattr(torch.hub, 'download_url_to_file', download)
    url = 'https://example.org/weights/hed.pth'
    for _ in range(2):
        assert_equal(read_weights('HED', url, ''), WEIGHTS)
    with local_copy('HED', url, '') as path:
        assert path == tmp_path / 'hub/checkpoints/hed.pth'
    assert fetched == [url]

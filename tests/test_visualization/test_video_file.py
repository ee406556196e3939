import cv2
import numpy as np
import pytest

from mmpose_ext.visualization import VideoFile


def frames_of(path):
    capture = cv2.VideoCapture(str(path))
    pictures = []
    while True:
        ok, picture = capture.read()
        if not ok:
            return pictures, capture.get(cv2.CAP_PROP_FPS)
        pictures.append(picture[..., ::-1])


def test_pictures_come_back_in_their_order_colors_and_speed(tmp_path):
    path = tmp_path / 'new' / 'a.mp4'
    colors = [(250, 20, 20), (20, 20, 250), (20, 250, 20)]
    with VideoFile(path, 12.5) as film:
        for color in colors:
            film.write(np.full((48, 64, 3), color, np.uint8))
    assert [file.name for file in path.parent.iterdir()] == ['a.mp4']
    pictures, fps = frames_of(path)
    assert fps == pytest.approx(12.5)
    assert len(pictures) == 3
    for picture, color in zip(pictures, colors):
        assert np.abs(picture[10:-10, 10:-10].mean((0, 1)) - color).max() < 12


def test_odd_sizes_lose_a_row_and_a_column(tmp_path):
    with VideoFile(tmp_path / 'a.mp4', 25) as film:
        film.write(np.zeros((47, 65, 3), np.uint8))
    assert frames_of(tmp_path / 'a.mp4')[0][0].shape == (46, 64, 3)


def test_nothing_is_left_of_a_film_that_failed(tmp_path):
    with pytest.raises(KeyError), VideoFile(tmp_path / 'a.mp4', 25) as film:
        film.write(np.zeros((48, 64, 3), np.uint8))
        raise KeyError
    with pytest.raises(ValueError, match='got no pictures'), VideoFile(tmp_path / 'a.mp4', 25):
        pass
    message = '(?s)picture 1 got 32 x 48 pixels, expected 64 x 48'
    with pytest.raises(ValueError, match=message), VideoFile(tmp_path / 'a.mp4', 25) as film:
        film.write(np.zeros((48, 64, 3), np.uint8))
        film.write(np.zeros((48, 32, 3), np.uint8))
    assert not list(tmp_path.iterdir())


def test_a_missing_codec_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(cv2.VideoWriter, 'isOpened', lambda self: False)
    with (
        pytest.raises(RuntimeError, match='cannot open it for writing.*FFmpeg.*mp4v'),
        VideoFile(tmp_path / 'a.mp4', 25) as film,
    ):
        film.write(np.zeros((48, 64, 3), np.uint8))
    monkeypatch.undo()
    monkeypatch.setattr(cv2.VideoWriter, 'write', lambda self, picture: None)
    with (
        pytest.raises(RuntimeError, match='of 1 pictures 0 can be read again'),
        VideoFile(tmp_path / 'a.mp4', 25) as film,
    ):
        film.write(np.zeros((48, 64, 3), np.uint8))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ('name', 'fps', 'message'),
    [
        ('a.avi', 25, r"suffix '.avi', expected .mp4"),
        ('a.mp4', 0, 'fps got 0, expected a pos'),
    ],
)
def test_wrong_arguments_are_refused(tmp_path, name, fps, message):
    with pytest.raises(ValueError, match=message):
        VideoFile(tmp_path / name, fps)

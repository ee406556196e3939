"""PennAction's label files."""

import numpy as np
import pytest
from scipy.io import savemat

from mmpose_ext.apis.video_converters import PennActionConverter, convert_videos
from mmpose_ext.skeletons import LSP14, PENN13

FRAMES = 12


def pixels_of(film, skeleton=PENN13, frames=FRAMES):
    return film.project(film.walker(frames, skeleton.keypoints))


@pytest.fixture
def write(tmp_path, film):
    """Write a video's labels and frames; the coordinates are those of a known walker."""

    def write(number=1, pixels=None, visibility=None, train=1, images=True):
        pixels = pixels_of(film) if pixels is None else pixels
        visibility = np.ones(pixels.shape[:2]) if visibility is None else visibility
        path = tmp_path / f'labels/{number:04d}.mat'
        path.parent.mkdir(exist_ok=True)
        savemat(
            path,
            dict(
                x=pixels[..., 0],
                y=pixels[..., 1],
                visibility=visibility,
                train=train,
                nframes=len(pixels),
                action='walk',
                bbox=np.zeros((len(pixels), 4)),
            ),
        )
        for frame in range(1, len(pixels) + 1 if images else 1):
            film.write_image(tmp_path / f'frames/{number:04d}/{frame:06d}.jpg')
        return tmp_path

    return write


def test_visibility_becomes_the_confidence(write, film):
    visibility = np.ones((FRAMES, 13))
    visibility[2, [0, 5]] = 0
    visibility[4, :8] = 0
    root = write(visibility=visibility)

    table, skipped = convert_videos(PennActionConverter(root))

    assert skipped == {'frames with fewer than 6 visible joints': 1}
    kept = [n for n in range(FRAMES) if n != 4]
    assert table.frame_idx.tolist() == kept and set(table.video_id) == {'0001'}
    assert table.image_path[4] == '0001/000006.jpg'
    np.testing.assert_array_equal(table.keypoints2d[..., 2], visibility[kept])
    pixels = pixels_of(film)
    known = visibility > 0
    np.testing.assert_allclose(
        table.keypoints2d[..., :2][known[kept]], pixels[kept][known[kept]], rtol=1e-5
    )
    assert (table.keypoints2d[2, [0, 5]] == 0).all()
    left_wrist = PENN13.index('left_wrist')
    np.testing.assert_allclose(
        table.keypoints2d[0, left_wrist, :2],
        film.project(film.walker(1, ['left_wrist']))[0, 0],
        rtol=1e-5,
    )
    # Joints that are not seen do not widen the box.
    seen = pixels[2][known[2]]
    size = 1.1 * (seen.max(axis=0) - seen.min(axis=0))
    np.testing.assert_allclose(table.bbox_xywh[2, 2:4], size, rtol=1e-5)


def test_splits_are_kept_apart(write):
    write(1)
    root = write(2, train=-1)

    for split, videos in (('train', ['0001']), ('test', ['0002']), ('all', ['0001', '0002'])):
        table, skipped = convert_videos(PennActionConverter(root, split))
        assert np.unique(table.video_id).tolist() == videos
        assert skipped['videos of the other split'] == (split != 'all')


def test_joints_in_another_order_are_refused(write, film):
    lsp = pixels_of(film, LSP14, 30)
    root = write(pixels=lsp[:, :13])
    with pytest.raises(ValueError, match="not in the order of 'penn13'"):
        convert_videos(PennActionConverter(root))
    write(pixels=lsp)
    with pytest.raises(ValueError, match=r"0001.mat: 'x' got shape \(30, 14\).*vibe_db"):
        convert_videos(PennActionConverter(root))


def test_wrong_files_are_named(write, film, tmp_path):
    pixels = pixels_of(film)
    pixels[3, 2] = np.nan
    root = write(pixels=pixels)
    with pytest.raises(ValueError, match=r"0001.mat: 'x' of frame 4 is not finite"):
        convert_videos(PennActionConverter(root))
    (root / 'labels/0001.mat').write_bytes(b'')
    with pytest.raises(ValueError, match='0001.mat is not a readable'):
        convert_videos(PennActionConverter(root))
    savemat(root / 'labels/0001.mat', dict(x=np.zeros((3, 13))))
    with pytest.raises(ValueError, match=r"0001.mat has no \['y', 'visibility', 'train'\]"):
        convert_videos(PennActionConverter(root))
    with pytest.raises(FileNotFoundError, match='https://'):
        convert_videos(PennActionConverter(tmp_path / 'empty'))
    for wrong in (dict(split='val'), dict(min_visible=1)):
        with pytest.raises(ValueError, match=f'{next(iter(wrong))} got'):
            PennActionConverter(root, **wrong)


def test_missing_frames_are_named(write):
    root = write(images=False)
    with pytest.raises(FileNotFoundError, match='12 of 12 images are missing.*0001/000001.jpg'):
        convert_videos(PennActionConverter(root))
    assert len(convert_videos(PennActionConverter(root, images=False)).table) == FRAMES


def test_nothing_left_says_why(write):
    root = write(visibility=np.zeros((FRAMES, 13)))
    with pytest.raises(ValueError, match='nothing is left.*fewer than 6 visible joints.*12'):
        convert_videos(PennActionConverter(root))

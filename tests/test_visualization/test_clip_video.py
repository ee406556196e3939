import cv2
import numpy as np
import pytest
import torch

from mmpose_ext.geometry import project, weak_to_image
from mmpose_ext.skeletons import LSP14, SPIN49
from mmpose_ext.visualization import (
    ClipPainter,
    MeshBodies,
    person_colors,
    read_clip,
    save_clip_video,
)


@pytest.fixture(scope='module')
def bodies():
    return MeshBodies('standin')


def image(size=(96, 128)):
    return np.full((*size, 3), 128, np.uint8)


def test_the_body_lies_where_the_network_saw_it(make_clip_sample):
    sample = make_clip_sample()
    for row, frame in enumerate(read_clip(sample)):
        person = frame.person(128, 96)
        predicted = sample.pred_instances
        expected = weak_to_image(
            predicted.vertices[row], predicted.camera[row], predicted.bboxes[row]
        )
        np.testing.assert_allclose(project(person.vertices, person.camera), expected, atol=1e-6)
        assert (person.camera.width, person.camera.height) == (128, 96)
        # What was annotated is what is predicted; targets are relative to the square.
        np.testing.assert_allclose(frame.label_keypoints[:, :2], frame.keypoints, atol=1e-6)
        np.testing.assert_allclose(frame.label_joints, frame.joints, atol=1e-6)
        assert frame.joints[[2, 3]].sum(0) == pytest.approx(np.zeros(3), abs=1e-9)


def test_annotations_may_be_those_of_openpose(make_clip_sample):
    """As 3DPW's are."""
    sample = make_clip_sample()
    labels, wrist, head_top = sample.gt_instances, LSP14.index('left_wrist'), 13
    labels.keypoints_visible[:, 25:] = 0
    labels.keypoints_visible[:, :25] = 1
    frame = read_clip(sample)[0]
    own = labels.keypoints[0, SPIN49.index('op_left_wrist')]
    box = frame.box
    pixels = (box[:2] + box[2:]) / 2 + own * (box[2:] - box[:2]) / 2
    np.testing.assert_allclose(frame.label_keypoints[wrist], [*pixels, 1], atol=1e-6)
    assert LSP14.keypoints[head_top] == 'head_top'
    assert (np.flatnonzero(frame.label_keypoints[:, 2] == 0) == head_top).all()


def test_left_is_left(make_clip_sample):
    """Of someone who faces the camera the left side is on the right of the image."""
    frame = read_clip(make_clip_sample())[0]
    for joint in ('hip', 'knee', 'wrist', 'shoulder'):
        left, right = LSP14.indices((f'left_{joint}', f'right_{joint}'))
        assert frame.keypoints[left, 0] > frame.keypoints[right, 0] + 2
    assert frame.keypoints[LSP14.index('head_top'), 1] < frame.keypoints[0, 1] - 40


def test_tensors_are_read_like_arrays(make_clip_sample):
    sample, expected = make_clip_sample(), read_clip(make_clip_sample())
    for key, value in sample.pred_instances.items():
        sample.pred_instances[key] = torch.tensor(value, requires_grad=True)
    np.testing.assert_array_equal(read_clip(sample)[2].vertices, expected[2].vertices)


def test_panels_show_prediction_and_truth_in_their_colors(make_clip_sample, bodies):
    frames = read_clip(make_clip_sample())
    painter = ClipPainter(frames, bodies)
    first, last = (painter.draw(frame, image()) for frame in (frames[0], frames[3]))
    assert first.shape == last.shape
    hues = person_colors(2) / np.linalg.norm(person_colors(2), axis=1, keepdims=True)

    def counts(panel):
        pixels = panel.reshape(-1, 3).astype(float)
        pixels = pixels[np.ptp(pixels, axis=1) > 60]
        likeness = pixels / np.linalg.norm(pixels, axis=1, keepdims=True) @ hues.T
        return np.bincount(likeness.argmax(axis=1), minlength=2)

    height, width = first.shape[0] // 2, first.shape[1] // 3
    for column in (1, 2):
        predicted, labelled = (
            counts(first[row * height : (row + 1) * height, column * width : (column + 1) * width])
            for row in (0, 1)
        )
        assert predicted[0] > 200 > 10 > predicted[1]
        assert labelled[1] > 200 > 10 > labelled[0]


def test_the_scale_of_the_side_view_is_that_of_the_whole_clip(make_clip_sample, bodies):
    frames = read_clip(make_clip_sample())
    smaller = read_clip(make_clip_sample())
    for frame in smaller:
        frame.vertices[:] *= 0.5
    painter = ClipPainter([*frames, *smaller], bodies)
    heights = []
    for frame in (frames[1], smaller[1]):
        side = painter._view(frame.vertices, 'side', (200, 200), person_colors(1)[0])
        rows = np.flatnonzero((np.ptp(side.astype(int), axis=-1) > 60).any(1))
        heights.append(np.ptp(rows))
    assert heights[1] == pytest.approx(heights[0] / 2, abs=2)


def test_a_film_has_all_frames_and_images(make_clip_sample, bodies, tmp_path):
    paths = [str(tmp_path / f'{i}.png') for i in range(4)]
    for i, path in enumerate(paths):
        cv2.imwrite(path, np.full((96, 128, 3), 60 * i, np.uint8))
    frames = read_clip(make_clip_sample(images=paths))
    film = save_clip_video(tmp_path / 'a.mp4', frames, bodies, 25)
    capture = cv2.VideoCapture(str(film))
    for i in range(4):
        ok, picture = capture.read()
        assert ok
        assert abs(picture[8:12, 8:12].mean() - 60 * i) < 8
    assert not capture.read()[0]
    assert capture.get(cv2.CAP_PROP_FPS) == 25
    (tmp_path / '2.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'image .*2\.png. does not exist'):
        save_clip_video(tmp_path / 'b.mp4', frames, bodies, 25)
    assert not (tmp_path / 'b.mp4').exists()


def test_blank_images_can_take_the_place_of_missing_ones(make_clip_sample, bodies, tmp_path):
    frames = read_clip(make_clip_sample())
    with pytest.raises(ValueError, match='frame 0: the dataset names no images'):
        save_clip_video(tmp_path / 'a.mp4', frames, bodies, 25)
    film = save_clip_video(tmp_path / 'a.mp4', frames, bodies, 25, lambda frame: image())
    assert film.stat().st_size > 1000


def test_frames_without_labels_have_one_row(make_clip_sample, bodies):
    sample = make_clip_sample()
    with_labels = ClipPainter(read_clip(sample), bodies).draw(read_clip(sample)[0], image())
    del sample.gt_instances
    frames = read_clip(sample)
    assert frames[0].label is None
    assert frames[0].label_joints is None
    drawn = ClipPainter(frames, bodies).draw(frames[0], image())
    assert drawn.shape[1] == with_labels.shape[1]
    assert drawn.shape[0] < 0.6 * with_labels.shape[0]


def test_bad_predictions_are_named(make_clip_sample, bodies):
    sample = make_clip_sample()
    del sample.pred_instances.vertices
    with pytest.raises(ValueError, match=r"'dance_p1': got a sample without \['vertices'\]"):
        read_clip(sample)
    frames = read_clip(make_clip_sample())
    painter = ClipPainter(frames, bodies)
    frames[2].vertices[5] = np.nan
    with pytest.raises(ValueError, match='frame 2: the predicted body is not finite'):
        painter.draw(frames[2], image())

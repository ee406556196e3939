import json

import numpy as np
import pytest
from scipy.io import loadmat

from mmpose_ext.body_models import load_body_model, superset_regressor
from mmpose_ext.evaluation import PCK3DMetric
from mmpose_ext.evaluation.functional.mupots import assign_people, with_bone_lengths
from mmpose_ext.evaluation.metrics import pck3d_metric as module
from mmpose_ext.skeletons import MUPOTS17, SUPERSET30

PELVIS = 14
# The joint that each of the dataset's 17 hangs on, from 1, as its evaluation lists them; the root
# on itself.
PARENTS = [2, 16, 2, 3, 4, 2, 6, 7, 15, 9, 10, 15, 12, 13, 15, 15, 2]
ORDER = [16, 2, 1, 17, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]
FOCAL, CENTRE = np.array([1500.0, 1400.0]), np.array([1000.0, 900.0])


def superset(joints17):
    """The 17 joints among 30, the rest zeros; thorax is SMPL's neck."""
    result = np.zeros((30, joints17.shape[-1]))
    names = ['neck' if name == 'thorax' else name for name in MUPOTS17.keypoints]
    result[SUPERSET30.indices(names)] = joints17
    return result


def sample_of(number, image, joints_mm, pixels):
    return dict(
        id=number,
        img_id=image,
        img_path=f'{image}.jpg',
        bbox_source='pose2d',
        pred_instances=dict(
            joints=superset(joints_mm / 1e3)[None], keypoints=superset(pixels)[None]
        ),
    )


class Scene:
    """Annotated people of two sequences, and predictions for them."""

    def __init__(self, folder):
        random = np.random.default_rng(0)
        self.random = random
        self.file = str(folder / 'MuPoTS-3D.json')
        # Frames per sequence and people per frame.
        layout = {'TS1': (3, 2), 'TS2': (1, 3)}
        images, self.people = [], []
        for sequence, (frames, count) in layout.items():
            for frame in range(frames):
                images.append(
                    dict(
                        id=len(images),
                        file_name=f'{sequence}/img_{frame:06d}.jpg',
                        width=2000,
                        height=1800,
                        intrinsic=[*FOCAL, *CENTRE],
                    )
                )
                for person in range(count):
                    joints = random.normal(0, 300, (17, 3)) + [1500 * (person - 1), 0, 5000]
                    self.people.append(
                        dict(
                            id=len(self.people),
                            image_id=images[-1]['id'],
                            is_valid=1,
                            bbox=[0, 0, 1, 1],
                            keypoints_img=(joints[:, :2] / joints[:, 2:] * FOCAL + CENTRE).tolist(),
                            keypoints_cam=joints.tolist(),
                        )
                    )
        self.images = images
        self.write()

    def write(self):
        with open(self.file, 'w') as file:
            json.dump(dict(images=self.images, annotations=self.people), file)

    def sequence(self, person):
        return self.images[person['image_id']]['file_name'].split('/')[0]

    def samples(self, noise_mm=0.0, noise_px=0.0, skip=()):
        samples = []
        for person in self.people:
            if person['id'] not in skip:
                joints = np.array(person['keypoints_cam'])
                joints = joints - joints[PELVIS] + self.random.normal(0, noise_mm, (17, 3))
                pixels = np.array(person['keypoints_img'])
                pixels = pixels + self.random.normal(0, noise_px, (17, 2))
                samples.append(sample_of(person['id'], person['image_id'], joints, pixels))
        return samples


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def evaluate(scene, samples, **options):
    metric = PCK3DMetric(scene.file, **options)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def by_hand(scene, samples, skip=(), all_people=True, threshold=150, scaled=True):
    """Mean over sequences of the percentage of right joints, one joint at a time."""
    predictions = {sample['id']: sample['pred_instances']['joints'][0] for sample in samples}
    names = ['neck' if name == 'thorax' else name for name in MUPOTS17.keypoints]
    counts = {}
    for person in scene.people:
        right, total = counts.setdefault(scene.sequence(person), [0, 0])
        if person['id'] in skip:
            counts[scene.sequence(person)] = [right, total + 14 * all_people]
            continue
        predicted = 1e3 * predictions[person['id']][SUPERSET30.indices(names)]
        predicted = predicted - predicted[PELVIS]
        target = np.array(person['keypoints_cam'])
        target = target - target[PELVIS]
        if scaled:
            moved = predicted.copy()
            for joint in ORDER:
                parent = PARENTS[joint - 1] - 1
                bone = predicted[joint - 1] - predicted[parent]
                length = np.linalg.norm(target[joint - 1] - target[parent])
                moved[joint - 1] = moved[parent] + bone / np.linalg.norm(bone) * length
            predicted = moved
        for joint in range(14):
            right += np.linalg.norm(predicted[joint] - target[joint]) < threshold
            total += 1
        counts[scene.sequence(person)] = [right, total]
    return np.mean([100 * right / total for right, total in counts.values()])


@pytest.mark.parametrize('lengths', ['annotated', 'predicted'])
def test_equals_a_count_by_hand(scene, lengths):
    samples = scene.samples(noise_mm=80)
    result = evaluate(scene, samples, bone_lengths=lengths)
    scaled = lengths == 'annotated'
    assert 10 < result['mupots/all/PCK@150'] < 95
    assert result['mupots/all/PCK@150'] == pytest.approx(by_hand(scene, samples, scaled=scaled))
    assert result['mupots/matched/PCK@150'] == result['mupots/all/PCK@150']
    curve = [by_hand(scene, samples, threshold=mm, scaled=scaled) for mm in range(0, 151, 5)]
    assert result['mupots/all/AUC'] == pytest.approx(np.mean(curve))
    assert result['mupots/matched/people'] == 100


def test_people_without_a_prediction_are_wrong_in_all_only(scene):
    skip = (1, 4, 8)
    samples = scene.samples(noise_mm=60, skip=skip)
    result = evaluate(scene, samples)
    everybody = by_hand(scene, samples, skip)
    matched = by_hand(scene, samples, skip, all_people=False)
    assert result['mupots/all/PCK@150'] == pytest.approx(everybody)
    assert result['mupots/matched/PCK@150'] == pytest.approx(matched)
    assert matched > everybody + 10
    # Four of six and two of three, averaged over the sequences.
    assert result['mupots/matched/people'] == pytest.approx(100 * (4 / 6 + 2 / 3) / 2)
    nothing = evaluate(scene, [])
    assert nothing['mupots/all/PCK@150'] == 0
    assert np.isnan(nothing['mupots/matched/PCK@150'])


def test_predictions_go_to_the_people_they_cover_in_the_image(scene):
    """The ids of the samples say nothing: those of one image are exchanged."""
    samples = scene.samples(noise_px=3)
    expected = evaluate(scene, samples)
    assert expected['mupots/all/PCK@150'] == 100
    first, second = (samples[i]['pred_instances'] for i in (0, 1))
    samples[0]['pred_instances'], samples[1]['pred_instances'] = second, first
    assert evaluate(scene, samples) == pytest.approx(expected)
    for sample in samples[:2]:
        sample['pred_instances']['keypoints'] = sample['pred_instances']['keypoints'] + 500
    assert evaluate(scene, samples)['mupots/matched/people'] == pytest.approx(100 * (4 / 6 + 1) / 2)


def test_predictions_may_be_placed_by_the_annotation(scene):
    samples = scene.samples(noise_mm=10, noise_px=500)
    assert evaluate(scene, samples)['mupots/all/PCK@150'] < 50
    placed = evaluate(scene, samples, placement='annotated')
    assert placed['mupots/all/PCK@150'] == placed['mupots/matched/people'] == 100


def test_the_moved_root_does_not_matter_and_invalid_people_do_not_count(scene):
    samples = scene.samples(noise_mm=80)
    expected = evaluate(scene, samples)
    for sample in samples:
        sample['pred_instances']['joints'] = sample['pred_instances']['joints'] + [0.5, 2, 9]
    assert evaluate(scene, samples) == pytest.approx(expected)
    extra = dict(scene.people[0], id=99, is_valid=0)
    scene.people.append(extra)
    scene.write()
    assert evaluate(scene, samples) == pytest.approx(expected)


def test_assignment_counts_close_joints_in_the_order_of_people():
    annotated = np.zeros((2, 3, 2))
    annotated[1] = 100
    predicted = np.zeros((3, 3, 2))
    predicted[0] = [[0, 0], [0, 39], [0, 41]]
    predicted[1] = [[39, 39], [0, 0], [-39, 0]]
    predicted[2] = [[100, 141], [141, 100], [100, 100]]
    assert assign_people(annotated, predicted, 40).tolist() == [1, 2]
    # The first person takes the only one, though it fits the second better.
    shared = np.full((1, 3, 2), 100.0)
    shared[0, 0] = 20
    assert assign_people(annotated, shared, 40).tolist() == [0, -1]
    assert assign_people(annotated, np.zeros((0, 3, 2)), 40).tolist() == [-1, -1]
    assert assign_people(np.zeros((0, 3, 2)), predicted, 40).shape == (0,)


def test_bones_take_the_other_lengths_and_keep_their_directions():
    random = np.random.default_rng(0)
    predicted, annotated = random.normal(0, 1, (2, 4, 17, 3))
    result = with_bone_lengths(predicted, annotated)
    np.testing.assert_array_equal(result[:, PELVIS], predicted[:, PELVIS])
    for joint in ORDER:
        ends = [joint - 1, PARENTS[joint - 1] - 1]
        bones = [points[:, ends[0]] - points[:, ends[1]] for points in (result, predicted)]
        length = np.linalg.norm(annotated[:, ends[0]] - annotated[:, ends[1]], axis=-1)
        np.testing.assert_allclose(np.linalg.norm(bones[0], axis=-1), length)
        np.testing.assert_allclose(np.cross(*bones), 0, atol=1e-12)
        assert ((bones[0] * bones[1]).sum(-1) > 0).all()
    assert np.isfinite(with_bone_lengths(np.zeros((17, 3)), annotated[0])).all()


def test_writes_the_files_of_the_matlab_evaluation(scene, tmp_path):
    samples = scene.samples(noise_mm=50, skip=(6, 7, 8, 0))
    evaluate(scene, samples, mat_dir=str(tmp_path / 'mat'))
    pixels = loadmat(tmp_path / 'mat' / 'preds_2d_kpt_mupots.mat')
    joints = loadmat(tmp_path / 'mat' / 'preds_3d_kpt_mupots.mat')
    frames = ['TS1_img_000000', 'TS1_img_000001', 'TS1_img_000002', 'TS2_img_000000']
    assert {key for key in pixels if key[:2] == 'TS'} == set(frames)
    assert [joints[frame].shape for frame in frames] == [(n, 17, 3) for n in (1, 2, 2, 0)]
    assert [pixels[frame].shape for frame in frames] == [(n, 17, 2) for n in (1, 2, 2, 0)]
    np.testing.assert_allclose(pixels[frames[0]][0], scene.people[1]['keypoints_img'])
    predicted = 1e3 * samples[0]['pred_instances']['joints'][0]
    names = ['neck' if name == 'thorax' else name for name in MUPOTS17.keypoints]
    predicted = predicted[SUPERSET30.indices(names)]
    np.testing.assert_allclose(joints[frames[0]][0], predicted - predicted[PELVIS], atol=1e-9)


def test_joints_may_come_from_a_regressor(scene, make_person, tmp_path):
    """A regressor that reads the superset's joints off the vertices gives the same."""
    matrix = superset_regressor(load_body_model('standin'))
    names = ['neck' if name == 'thorax' else name for name in MUPOTS17.keypoints]
    # The published file has further rows, which are not read.
    rows = matrix[[*SUPERSET30.indices(names), 0, 0, 0, 0]]
    np.save(tmp_path / 'J_regressor_mi_smpl.npy', rows)
    samples = [dict(make_person(i), img_id=scene.people[i]['image_id']) for i in range(9)]
    for person, sample in zip(scene.people, samples):
        pixels = sample['pred_instances']['keypoints'][0][SUPERSET30.indices(names)]
        joints = 1e3 * sample['pred_instances']['joints'][0][SUPERSET30.indices(names)]
        noise = scene.random.normal(0, 80, joints.shape)
        person['keypoints_img'] = pixels.tolist()
        person['keypoints_cam'] = (joints + noise + [0, 0, 5000]).tolist()
    scene.write()
    expected = evaluate(scene, samples)
    assert 30 < expected['mupots/all/PCK@150'] < 95
    read = evaluate(scene, samples, regressor=str(tmp_path / 'J_regressor_mi_smpl.npy'))
    assert read == pytest.approx(expected, abs=1)
    np.save(tmp_path / 'short.npy', rows[:9])
    with pytest.raises(ValueError, match=r'short.npy: got shape \(9, 6890\), expected at least 17'):
        PCK3DMetric(scene.file, regressor=str(tmp_path / 'short.npy'))
    with pytest.raises(FileNotFoundError, match='none.npy'):
        PCK3DMetric(scene.file, regressor=str(tmp_path / 'none.npy'))


def test_the_protocol_is_printed(scene, printed):
    lines = printed(module)
    evaluate(scene, scene.samples(skip=(0,)), protocol=dict(detector='OpenPose'))
    for text in (
        'boxes: pose2d 8',
        'predictions: 8',
        'joints: 14 of MuPoTS from SMPL joints',
        'root: pelvis',
        'bone lengths: annotated',
        'most joints within 40 px, placed as predicted',
        'detector: OpenPose',
        'TS2',
        'mean of sequences',
    ):
        assert text in lines[0]


def test_repeated_samples_count_once(scene):
    samples = scene.samples(noise_mm=80, skip=(1,))
    assert evaluate(scene, samples + samples[:2]) == pytest.approx(evaluate(scene, samples))


def test_bad_input_is_named(scene, tmp_path):
    with pytest.raises(FileNotFoundError, match='none.json does not exist'):
        PCK3DMetric(str(tmp_path / 'none.json'))
    with pytest.raises(ValueError, match="placement got 'middle'"):
        PCK3DMetric(scene.file, placement='middle')
    samples = scene.samples()
    samples[3]['pred_instances']['joints'][0, 2, 2] = np.nan
    with pytest.raises(ValueError, match="image '1.jpg', person 3: pred_instances joints got 1"):
        evaluate(scene, samples)
    samples = scene.samples()
    samples[3]['img_id'] = 77
    with pytest.raises(ValueError, match='person 3: img_id 77 is not in'):
        evaluate(scene, samples)
    samples = scene.samples()
    samples[3]['id'] = 0
    with pytest.raises(ValueError, match='person 0: .* no such valid annotation of image TS1/img'):
        evaluate(scene, samples, placement='annotated')
    for key, value in (
        ('keypoints_cam', [[0, 0, 1]] * 16),
        ('keypoints_img', [[0, np.nan]] * 17),
        ('keypoints_img', [[0, 0], [1]]),
    ):
        before = scene.people[2][key]
        scene.people[2][key] = value
        scene.write()
        with pytest.raises(ValueError, match=f'MuPoTS-3D.json: {key} of annotation 2 got'):
            PCK3DMetric(scene.file)
        scene.people[2][key] = before
    scene.people[2]['image_id'] = 55
    scene.write()
    with pytest.raises(ValueError, match='annotation 2 is of image 55'):
        PCK3DMetric(scene.file)

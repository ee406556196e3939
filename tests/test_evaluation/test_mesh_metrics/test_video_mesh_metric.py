import functools
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from scipy.spatial.transform import Rotation

from mmpose_ext.body_models import load_body_model, regressor
from mmpose_ext.evaluation import VideoMeshMetric
from mmpose_ext.evaluation.functional import mesh_comparison
from mmpose_ext.evaluation.metrics import video_mesh_metric as module
from mmpose_ext.registry import METRICS
from mmpose_ext.skeletons import LSP14, MPI_INF_3DHP17, SPIN49

# Columns of the 14 evaluated joints in Human3.6M's regressor, in LSP's order.
JOINTS14 = [3, 2, 1, 4, 5, 6, 16, 15, 14, 11, 12, 13, 8, 10]
NAMES = ('MPJPE', 'PA-MPJPE', 'PVE', 'ACCEL', 'ACCEL-ERR')
T = 4


@functools.cache
def shared(**options):
    """Metrics hold nothing after an evaluation, and bodies take a while to load."""
    return VideoMeshMetric('standin', **options)


def evaluate(samples, batch=2, **options):
    metric = shared(**options)
    for i in range(0, len(samples), batch):
        metric.process(None, samples[i : i + batch])
    return metric.evaluate(len(samples))


def frame_of(video, frame):
    """Pose, shape and prediction of a frame: a smooth motion, and one that shakes."""
    random = np.random.default_rng(video)
    pose, speed = random.normal(0, 0.3, (24, 3)), random.normal(0, 0.05, (24, 3))
    betas = random.normal(0, 1, 10)
    pose[0] = np.pi, 0, 0
    pose = pose + speed * frame + 0.02 * np.sin(frame)
    shaken = np.random.default_rng([video, frame])
    predicted = pose + shaken.normal(0, 0.1, (24, 3))
    return [np.float32(x) for x in (pose, betas, predicted, betas + shaken.normal(0, 0.3, 10))]


@pytest.fixture(scope='module')
def skin():
    bodies = {g: load_body_model('standin', g) for g in ('neutral', 'male', 'female')}

    @functools.lru_cache(maxsize=512)
    def mesh(gender, video, frame, part):
        pose, betas, *predicted = frame_of(video, frame)
        return bodies[gender].skin(*((betas, pose) if part == 'gt' else predicted[::-1]))[0]

    mesh.body = bodies['neutral']
    return mesh


@pytest.fixture(scope='module')
def make_clip(skin):
    """The sample of one clip: frames of a video, some of which may not be scored."""

    def clip(number, video, frames, unscored=0, gender='female', **metainfo):
        rows = [frame_of(video, frame) for frame in frames]
        pose, betas, predicted, shape = (np.stack(column) for column in zip(*rows))
        scored = np.ones(len(frames), np.float32)
        scored[:unscored] = 0
        return dict(
            id=number,
            source='synthetic',
            video_id=f'v{video}',
            frame_ids=np.array(frames),
            img_paths=[f'v{video}/{frame:06d}.jpg' for frame in frames],
            fps=25.0,
            gender=gender,
            gt_instances=dict(
                smpl_pose=pose,
                smpl_betas=betas,
                smpl_valid=np.ones(len(frames), np.float32),
                scored=scored,
            ),
            pred_instances=dict(
                smpl_pose=predicted,
                smpl_betas=shape,
                vertices=np.stack([skin('neutral', video, f, 'pred') for f in frames]),
            ),
            **metainfo,
        )

    return clip


@pytest.fixture
def clips(make_clip):
    """A track of ten frames with its tail, one with a gap, one of another gender."""
    return [
        make_clip(0, 1, range(4)),
        make_clip(4, 1, range(4, 8)),
        make_clip(6, 1, range(6, 10), unscored=2),
        make_clip(10, 2, range(3, 7), gender='male'),
        make_clip(14, 2, range(8, 12), gender='male'),
        make_clip(18, 3, range(4), gender='neutral'),
    ]


def distance(first, second):
    return 1e3 * np.linalg.norm(first - second, axis=-1).mean()


def aligned(source, target):
    """Rotation by SciPy's Kabsch, then the best scale for that rotation."""
    centred, wanted = source - source.mean(0), target - target.mean(0)
    turned = Rotation.align_vectors(wanted, centred)[0].apply(centred)
    return (turned * wanted).sum() / (centred**2).sum() * turned + target.mean(0)


def by_hand(skin, frames, triples, vibe=False):
    """The means over frames (video, number, gender), of which triples follow each other."""
    matrix, pelvis = regressor(skin.body, 'h36m17'), skin.body.J_regressor[0]
    rows, joints = [], {}
    for video, frame, gender in frames:
        predicted = skin('neutral', video, frame, 'pred')
        target = skin('neutral' if vibe else gender, video, frame, 'gt')
        first, second = matrix @ predicted, matrix @ target
        roots = [1, 4] if vibe else [0]
        first, second = ((p - p[roots].mean(0))[JOINTS14] for p in (first, second))
        if not vibe:
            predicted, target = predicted - pelvis @ predicted, target - pelvis @ target
        rows.append(
            (
                distance(first, second),
                distance(aligned(first, second), second),
                distance(predicted, target),
            )
        )
        joints[video, frame] = first, first - second
    motion = []
    for a, b, c in triples:
        second = [joints[a][i] - 2 * joints[b][i] + joints[c][i] for i in (0, 1)]
        motion.append([distance(s, 0) for s in second])
    return dict(zip(NAMES, [*np.mean(rows, axis=0), *np.mean(motion, axis=0)]))


FRAMES = [
    *((1, f, 'female') for f in range(10)),
    *((2, f, 'male') for f in (3, 4, 5, 6, 8, 9, 10, 11)),
    *((3, f, 'neutral') for f in range(4)),
]


def as_keys(expected, subset='all'):
    return {f'{subset}/{name}': value for name, value in expected.items()}


def test_equals_a_loop_over_frames(clips, skin):
    """Every frame once; clip borders inside a track do not matter, gaps and videos do."""
    known = {(video, frame) for video, frame, _ in FRAMES}
    triples = [
        tuple((video, frame + step) for step in (-1, 0, 1))
        for video, frame, _ in FRAMES
        if {(video, frame - 1), (video, frame + 1)} <= known
    ]
    assert len(triples) == 8 + 2 * 2 + 2
    result = evaluate(clips)
    assert result == pytest.approx(as_keys(by_hand(skin, FRAMES, triples)), rel=1e-4)
    assert list(result) == [f'all/{name}' for name in NAMES]
    assert 20 < result['all/PA-MPJPE'] < result['all/MPJPE'] < 200
    # Shaking makes the prediction's acceleration, and the error of it.
    assert result['all/ACCEL'] > 20
    assert result['all/ACCEL-ERR'] > 20


def test_protocol_of_vibe(clips, skin):
    """Accelerations go on across clips and videos; the tail's frames are left out altogether."""
    frames = [frame for frame in FRAMES if frame[:2] not in ((1, 8), (1, 9))]
    order = [frame[:2] for frame in frames]
    triples = list(zip(order, order[1:], order[2:]))
    assert len(frames) == 5 * T
    expected = by_hand(skin, frames, triples, vibe=True)
    assert evaluate(clips, protocol='vibe') == pytest.approx(as_keys(expected), rel=1e-4)
    # Processes and shuffling may hand over clips in another order than that of the dataset.
    mixed = [clips[i] for i in (3, 0, 5, 2, 4, 1)]
    assert evaluate(mixed, protocol='vibe') == pytest.approx(as_keys(expected), rel=1e-4)


def test_frames_that_do_not_count_do_so_for_vibe_alone(make_clip, skin):
    """As the frames that MPI-INF-3DHP calls invalid; a clip that repeats its last one is a tail."""
    clips = [make_clip(0, 1, range(4)), make_clip(4, 1, range(4, 8)), make_clip(8, 2, [0, 1, 1, 1])]
    clips[1]['gt_instances']['scored'][1] = 0
    clips[2]['gt_instances']['scored'][2:] = 0
    frames = [(1, f, 'female') for f in (0, 1, 2, 3, 4, 6, 7)] + [(2, f, 'female') for f in (0, 1)]
    triples = [[(1, f + i) for i in range(3)] for f in (0, 1, 2)]
    expected = by_hand(skin, frames, triples)
    assert evaluate(clips) == pytest.approx(as_keys(expected), rel=1e-4)
    frames = [(1, f, 'female') for f in range(8)]
    triples = [[(1, f + i) for i in range(3)] for f in range(6)]
    expected = by_hand(skin, frames, triples, vibe=True)
    assert evaluate(clips, protocol='vibe') == pytest.approx(as_keys(expected), rel=1e-4)


def test_the_batch_size_and_the_order_do_not_matter(clips):
    expected = evaluate(clips)
    assert evaluate(clips, batch=1) == pytest.approx(expected)
    assert evaluate(clips[::-1], batch=6) == pytest.approx(expected)


def test_a_right_prediction_moves_as_the_truth_does(clips, skin):
    for clip in clips:
        clip['pred_instances'] = dict(clip['gt_instances'])
        video = int(clip['video_id'][1:])
        clip['pred_instances']['vertices'] = np.stack(
            [skin('neutral', video, frame, 'gt') for frame in clip['frame_ids']]
        )
    result = evaluate(clips, gt_gender='neutral')
    # Joints are kept in single precision, a second difference has four of them.
    assert [result[f'all/{name}'] for name in NAMES if name != 'ACCEL'] == pytest.approx(
        [0] * 4, abs=2e-3
    )
    assert result['all/ACCEL'] > 1


def test_a_frozen_prediction_has_no_acceleration_but_all_of_its_error(make_clip, skin):
    clip = make_clip(0, 1, range(6))
    clip['pred_instances']['vertices'][:] = clip['pred_instances']['vertices'][:1]
    result = evaluate([clip], gt_gender='neutral')
    assert result['all/ACCEL'] == pytest.approx(0, abs=1e-4)
    joints = [regressor(skin.body, 'h36m17') @ skin('neutral', 1, f, 'gt') for f in range(6)]
    joints = np.stack([(j - j[0])[JOINTS14] for j in joints])
    second = joints[:-2] - 2 * joints[1:-1] + joints[2:]
    assert result['all/ACCEL-ERR'] == pytest.approx(distance(second, 0), rel=1e-3)


def test_subsets_and_domains_are_measured_apart(clips):
    for clip, names in zip(clips, ('a', 'a', 'a', '', 'ab', 'b')):
        clip['subsets'] = tuple(names)
        clip['domain'] = 'target' if clip['id'] > 9 else ''
    result = evaluate(clips)
    assert {key.split('/')[0] for key in result} == {'all', 'a', 'b', 'target'}
    for subset, members in dict(a=[0, 1, 2, 4], b=[4, 5], target=[3, 4, 5]).items():
        alone = [dict(clips[i], subsets=(), domain='') for i in members]
        for key, value in evaluate(alone).items():
            assert result[key.replace('all', subset)] == pytest.approx(value)
    empty = evaluate(clips, subsets=('nowhere',))
    assert list(empty)[5:] == [f'nowhere/{name}' for name in NAMES]
    assert np.isnan(list(empty.values())[5:]).all()


def test_frames_without_labels_are_skipped_counted_and_break_the_track(make_clip, skin, printed):
    lines = printed(module)
    clip, bare = make_clip(0, 1, range(7)), make_clip(7, 2, range(3))
    clip['gt_instances']['smpl_valid'][3] = 0
    clip['gt_instances']['smpl_pose'][3] = np.nan
    del bare['gt_instances']['smpl_pose'], bare['gender']
    frames = [(1, f, 'female') for f in (0, 1, 2, 4, 5, 6)]
    triples = [[(1, f + i) for i in range(3)] for f in (0, 4)]
    result = evaluate([clip, bare])
    assert result == pytest.approx(as_keys(by_hand(skin, frames, triples)), rel=1e-4)
    assert 'clips: 1 of 2, frames: 6 of 10, skipped: no valid SMPL annotation 4' in lines[0]
    nothing = evaluate([bare])
    assert np.isnan(list(nothing.values())).all()


def test_a_track_of_two_frames_has_errors_but_no_acceleration(make_clip):
    result = evaluate([make_clip(0, 1, range(2))])
    assert result['all/MPJPE'] > 0
    assert np.isnan(result['all/ACCEL'])


def test_repeated_clips_count_once(clips):
    assert evaluate([*clips, clips[0], clips[3]]) == pytest.approx(evaluate(clips))


def test_the_protocol_is_printed(clips, printed):
    lines = printed(module)
    clips[-1]['fps'] = 30.0
    result = evaluate(clips)
    for text in (
        'protocol: standard, ',
        "joints: 14 by Human3.6M's regressor (h36m14)",
        'joint root: pelvis',
        'minus its SMPL pelvis',
        'ground-truth body: annotated gender',
        'genders of clips: female 3, male 2, neutral 1',
        'accelerations: mm/frame^2 of root-relative joints, within tracks',
        'tracks by frames per second: 25 fps: 2, 30 fps: 1',
        'clips: 6 of 6, frames: 22 of 22, skipped: none',
        f'{result["all/ACCEL"]:.2f}',
    ):
        assert text in lines[0]
    evaluate(clips, protocol='vibe')
    assert 'across clips and videos, no tails' in lines[1]
    assert 'frames: 20 of 22, skipped: tail of a track 2' in lines[1]
    assert 'unaligned' in lines[1]
    evaluate(clips, borders='joined')
    assert 'protocol: standard with changes, ' in lines[2]


def test_no_vertices_are_kept(clips):
    metric = shared()
    metric.process(None, clips)
    size = len(pickle.dumps(metric.results))
    metric.evaluate(len(clips))
    # Two times 14 points in single precision are 336 bytes.
    assert size < 600 * 4 * len(clips)


def annotated(clip, seed=0):
    """Annotate joints instead of bodies, and predict others."""
    random = np.random.default_rng(seed)
    frames = len(clip['frame_ids'])
    clip['gt_instances'] = dict(
        joints=random.normal(0, 0.4, (frames, 49, 3)) + [0, 0, 3],
        joints_visible=np.ones((frames, 49)),
        scored=clip['gt_instances']['scored'],
    )
    noise = random.normal(0, 0.08, (frames, 49, 3))
    clip['pred_instances']['joints'] = clip['gt_instances']['joints'] - [1, 2, 3] + noise
    return clip


def test_joints_of_mpi_inf_3dhp_minus_their_pelvis(make_clip, printed):
    lines = printed(module)
    clip = annotated(make_clip(0, 1, range(5)))
    del clip['gender'], clip['pred_instances']['vertices']
    clip['gt_instances']['joints_visible'][1, SPIN49.index('left_wrist')] = 0
    # OpenPose's half of the 49 joints is another set of points.
    clip['gt_instances']['joints_visible'][:, :25] = 0
    metric = VideoMeshMetric(
        joints='mpi_inf_3dhp17', metrics=('MPJPE', 'PCK@150', 'AUC', 'ACCEL', 'ACCEL-ERR')
    )
    metric.process(None, [clip])
    result = metric.evaluate(1)
    points = []
    for part in ('pred_instances', 'gt_instances'):
        joints = clip[part]['joints'][[0, 2, 3, 4]]
        of_names = [joints[:, SPIN49.keypoints.index(name)] for name in MPI_INF_3DHP17.keypoints]
        points.append(np.stack(of_names, 1) - joints[:, [SPIN49.keypoints.index('pelvis')]])
    predicted, target = points
    lengths = 1e3 * np.linalg.norm(predicted - target, axis=-1)
    assert result['all/MPJPE'] == pytest.approx(lengths.mean())
    assert result['all/PCK@150'] == pytest.approx(100 * (lengths < 150).mean())
    curve = [100 * (lengths < step).mean() for step in range(0, 151, 5)]
    assert result['all/AUC'] == pytest.approx(np.mean(curve))
    # Only the last three of these frames follow each other.
    for name, motion in (('ACCEL', predicted), ('ACCEL-ERR', predicted - target)):
        second = motion[1] - 2 * motion[2] + motion[3]
        assert result[f'all/{name}'] == pytest.approx(distance(second, 0), rel=1e-5)
    for text in (
        'joints: 17 annotated ones (mpi_inf_3dhp17) against the predicted joints',
        'joint root: pelvis',
        'vertices: no PVE, bodies are not annotated',
        'frames: 4 of 5, skipped: not all joints of mpi_inf_3dhp17 annotated 1',
    ):
        assert text in lines[0]


@pytest.mark.parametrize('legs', ['right', 'exchanged'])
def test_fourteen_annotated_joints_are_compared_with_the_mesh(make_clip, skin, monkeypatch, legs):
    """Also by the file of SPIN, in which left and right legs have changed places."""
    if legs == 'exchanged':
        exchanged = regressor(skin.body, 'h36m17')[[0, 4, 5, 6, 1, 2, 3, *range(7, 17)]]
        body = replace(skin.body, regressors=dict(skin.body.regressors, h36m17=exchanged))
        monkeypatch.setattr(mesh_comparison, 'load_body_model', lambda *_: body)
    clip = annotated(make_clip(0, 1, range(3)))
    metric = VideoMeshMetric('standin', joints='annotated14', protocol='vibe')
    metric.process(None, [clip])
    result = metric.evaluate(1)
    assert list(result) == ['all/MPJPE', 'all/PA-MPJPE', 'all/ACCEL', 'all/ACCEL-ERR']
    rows = []
    for row, frame in enumerate(range(3)):
        joints = regressor(skin.body, 'h36m17') @ skin('neutral', 1, frame, 'pred')
        predicted = (joints - joints[[1, 4]].mean(0))[JOINTS14]
        joints = clip['gt_instances']['joints'][row]
        target = np.stack([joints[25:][SPIN49.keypoints[25:].index(n)] for n in LSP14.keypoints])
        rows.append(distance(predicted, target - target[2:4].mean(0)))
    assert result['all/MPJPE'] == pytest.approx(np.mean(rows), rel=1e-4)


@pytest.mark.parametrize(
    'kind', ['nan', 'shape', 'missing', 'label', 'gender', 'id', 'overlap', 'fps', 'subset']
)
def test_bad_samples_are_named(make_clip, kind):
    clip, other = make_clip(7, 1, range(3, 7)), make_clip(0, 2, range(4))
    metric = shared()
    message = "video 'v1', frames 3 to 6: "
    if kind == 'nan':
        clip['pred_instances']['vertices'][2, 5] = np.nan
        message = (
            "video 'v1', frame 5, image 'v1/000005.jpg': pred_instances vertices got 3 values of "
            '20670 that are NaN'
        )
    elif kind == 'shape':
        clip['pred_instances']['vertices'] = np.zeros((3, 6890, 3))
        message += r'pred_instances vertices got shape \(3, 6890, 3\), expected \(4, 6890, 3\)'
    elif kind == 'missing':
        del clip['pred_instances']['vertices']
        message += "pred_instances has no 'vertices'"
    elif kind == 'label':
        clip['gt_instances']['smpl_pose'][3, 3, 0] = np.inf
        message = 'frame 6, .*: gt_instances smpl_pose got 1 values of 72'
    elif kind == 'gender':
        clip['gender'] = 'unknown'
        message += "gender got 'unknown', expected"
    elif kind == 'id':
        del clip['id']
        message += 'the sample has no id'
    elif kind == 'overlap':
        other = make_clip(0, 1, range(4))
        message = "video 'v1': frame 3 counts in two clips"
    elif kind == 'fps':
        other = make_clip(0, 1, range(7, 11))
        other['fps'] = 30.0
        message = "video 'v1': got 30 and 25 frames per second, expected one rate"
    else:
        clip['subsets'] = 'all'
        message += "subsets got 'all'"
    with pytest.raises(ValueError, match=message):
        metric.process(None, [other, clip])
        metric.evaluate(2)
    metric.results.clear()


def test_wrong_arguments_are_explained():
    for options, message in (
        (dict(protocol='mine'), "protocol got 'mine', expected one of"),
        (dict(joints='h36m16'), "joints got 'h36m16'"),
        (dict(borders='none'), "borders got 'none', expected one of"),
        (dict(metrics=('MPVPE',)), 'metrics got .*MPVPE'),
        (dict(metrics=()), 'metrics got'),
        (
            dict(joints='mpi_inf_3dhp17', metrics=('PVE',)),
            'expected none of vertices: the ground truth is joints',
        ),
    ):
        with pytest.raises(ValueError, match=message):
            VideoMeshMetric('standin', **options)


def test_reads_what_the_runner_hands_over(clips):
    """Data samples with tensors, through MMEngine's evaluator and the registry."""
    expected = evaluate(clips)
    handed = []
    for clip in clips:
        fields = {key: value for key, value in clip.items() if not key.endswith('instances')}
        element = PoseDataSample(metainfo=fields)
        element.gt_instances = InstanceData(**clip['gt_instances'])
        element.pred_instances = InstanceData(
            **{key: torch.as_tensor(value) for key, value in clip['pred_instances'].items()}
        )
        handed.append(element)
    config = dict(type='mmpose_ext.VideoMeshMetric', body_model='standin', prefix='mesh')
    evaluator = Evaluator(METRICS.build(config))
    evaluator.process(data_samples=handed)
    result = evaluator.evaluate(len(clips))
    assert result == pytest.approx({f'mesh/{key}': value for key, value in expected.items()})

import pytest
import torch

from mmpose_ext.models.losses import LSGANLoss, VideoMeshLoss
from mmpose_ext.models.video_batch import VideoMeshPrediction, VideoMeshTargets, select_clips
from mmpose_ext.skeletons import LSP14, SPIN49

B, T = 3, 4


@pytest.fixture
def case():
    generator = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(B, T, *shape, generator=generator)

    prediction = VideoMeshPrediction(
        encoded=normal(5),
        pose6d=normal(24, 6),
        rotations=normal(24, 3, 3),
        betas=normal(10),
        camera=normal(3),
        vertices=None,
        joints=normal(49, 3),
        projected=normal(49, 2),
        hidden=normal(6),
    )
    valid = (torch.rand(B, T, generator=generator) > 0.4).float()
    targets = VideoMeshTargets(
        keypoints=normal(49, 2),
        keypoints_visible=torch.rand(B, T, 49, generator=generator).round(),
        joints=normal(49, 3),
        joints_valid=valid,
        rotations=normal(24, 3, 3),
        betas=normal(10),
        smpl_valid=valid.flip(1),
        betas_valid=valid.flip(0),
    )
    return prediction, targets


def vibes_terms(prediction, targets):
    """The published arithmetic: fancy indexing of frames with labels, then means."""
    confidence = targets.keypoints_visible[..., None]
    keypoints2d = (confidence * (prediction.projected - targets.keypoints) ** 2).mean()

    def centred(joints):
        joints = joints[..., 25:39, :]
        return joints - (joints[..., 2:3, :] + joints[..., 3:4, :]) / 2

    labelled = targets.joints_valid.bool()
    joints = centred(prediction.joints)[labelled], centred(targets.joints)[labelled]
    smpl, shaped = targets.smpl_valid.bool(), targets.betas_valid.bool()
    mse = torch.nn.functional.mse_loss
    return dict(
        loss_keypoints2d=300 * keypoints2d,
        loss_keypoints3d=300 * mse(*joints),
        loss_pose=60 * mse(prediction.rotations[smpl], targets.rotations[smpl]),
        loss_shape=0.06 * mse(prediction.betas[shaped], targets.betas[shaped]),
    )


def test_terms_are_the_published_ones(case):
    assert (SPIN49.indices(LSP14.keypoints), LSP14.keypoints[2:4]) == (
        list(range(25, 39)),
        ('right_hip', 'left_hip'),
    )
    losses = VideoMeshLoss(reduction='all')(*case)
    expected = vibes_terms(*case)
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value, msg=name)


def test_where_the_body_stands_does_not_matter(case):
    prediction, targets = case
    moved = targets._replace(joints=targets.joints + torch.tensor([1.0, -2, 5]))
    torch.testing.assert_close(
        VideoMeshLoss()(prediction, moved)['loss_keypoints3d'],
        VideoMeshLoss()(prediction, targets)['loss_keypoints3d'],
        rtol=1e-4,
        atol=0,
    )


def test_by_default_clips_without_labels_change_nothing(case):
    prediction, targets = case
    empty = targets._replace(
        **{
            name: torch.zeros_like(getattr(targets, name))
            for name in ('keypoints_visible', 'joints_valid', 'smpl_valid', 'betas_valid')
        }
    )

    def both(first, second):
        pairs = zip(first, second)
        return type(first)(*(None if a is None else torch.cat([a, b]) for a, b in pairs))

    more = both(prediction, prediction), both(targets, empty)
    alone, padded = VideoMeshLoss()(*case), VideoMeshLoss()(*more)
    for name, value in alone.items():
        torch.testing.assert_close(padded[name], value, msg=name)
    assert (
        VideoMeshLoss(reduction='all')(*more)['loss_keypoints2d']
        < 0.6 * (VideoMeshLoss(reduction='all')(*case)['loss_keypoints2d'])
    )


def test_a_term_of_no_weight_is_not_computed(case):
    prediction, targets = case
    loss = VideoMeshLoss(dict(shape=0, pose=2.0))
    losses = loss(prediction, targets._replace(betas=None))
    assert set(losses) == {'loss_keypoints2d', 'loss_keypoints3d', 'loss_pose'}
    full = VideoMeshLoss()(prediction, targets)
    torch.testing.assert_close(losses['loss_pose'], full['loss_pose'] / 30)


def test_unknown_terms_are_refused():
    with pytest.raises(ValueError, match=r"weights got \['accel'\], expected some of"):
        VideoMeshLoss(dict(accel=1.0))


def test_selected_clips_are_those_rows(case):
    for batch in case:
        part = select_clips(batch, slice(1, 3))
        for name, value in batch._asdict().items():
            own = getattr(part, name)
            assert (own is None) if value is None else torch.equal(own, value[1:3])


def test_least_squares_of_scores():
    loss = LSGANLoss()
    real, fake = torch.tensor([[1.0], [0.5]]), torch.tensor([[0.0], [0.2]])
    torch.testing.assert_close(loss.generator(fake), torch.tensor((1 + 0.64) / 4))
    losses = loss.discriminator(real, fake)
    torch.testing.assert_close(losses['loss_discriminator_real'], torch.tensor(0.25 / 4))
    torch.testing.assert_close(losses['loss_discriminator_fake'], torch.tensor(0.04 / 4))

import math

import pytest
import torch

from mmpose_ext.geometry import axis_angle_to_matrix
from mmpose_ext.models.heads import JointPositions
from mmpose_ext.models.losses import MeshLoss
from mmpose_ext.models.mesh_batch import MeshPrediction, MeshTargets
from mmpose_ext.skeletons import GRAPH15, SUPERSET30

TERMS = (
    *('label_position', 'fit_position', 'fit_pose', 'fit_shape', 'label_projection'),
    *('label_joints', 'fit_joints'),
)


def example() -> tuple[dict, dict]:
    """Fields of a prediction and of targets that agree, of two people without rotations."""
    torch.manual_seed(0)
    joints = torch.randn(2, 30, 3) * 0.3
    pelvis = joints[:, :1]
    positions = torch.rand(2, 30, 3) * 64
    graph = SUPERSET30.indices(GRAPH15.keypoints)
    rotations = torch.eye(3).expand(2, 24, 3, 3).clone()
    betas = torch.randn(2, 10).clamp(-2, 2)
    prediction = dict(
        positions=JointPositions(
            torch.zeros(2, 15, 3), positions[:, graph].clone(), torch.zeros(2, 15, 1)
        ),
        rotations=rotations,
        betas=betas,
        camera=torch.zeros(2, 3),
        vertices=torch.zeros(2, 4, 3),
        joints=joints,
        projected=positions[..., :2].clone(),
    )
    targets = dict(
        positions=positions,
        positions_mask=torch.ones(2, 30, 3),
        joints=joints - pelvis,
        joints_mask=torch.ones(2, 30, 1),
        fit_positions=positions,
        fit_positions_mask=torch.ones(2, 30, 1),
        fit_joints=joints - pelvis,
        fit_rotations=rotations.clone(),
        fit_betas=betas.clone(),
        fit_mask=torch.ones(2),
        betas_mask=torch.ones(2),
    )
    return prediction, targets


def losses(prediction: dict, targets: dict, **options: object) -> dict[str, float]:
    result = MeshLoss(**options)(MeshPrediction(**prediction), MeshTargets(**targets))
    return {name.removeprefix('loss_'): value.item() for name, value in result.items()}


def changed(result: dict[str, float]) -> set[str]:
    return {name for name, value in result.items() if value > 1e-6}


def test_agreement_costs_nothing_and_every_term_is_named_once() -> None:
    result = losses(*example())
    assert tuple(result) == TERMS
    assert all(value == pytest.approx(0, abs=1e-6) for value in result.values())


def test_positions_off_by_two_bins_cost_two_eighths() -> None:
    prediction, targets = example()
    prediction['positions'].coordinates.add_(2.0)
    result = losses(prediction, targets)
    assert changed(result) == {'label_position', 'fit_position'}
    assert result['label_position'] == pytest.approx(2 / 8, rel=1e-4)
    assert result['fit_position'] == pytest.approx(2 / 8, rel=1e-4)


def test_only_known_depth_counts() -> None:
    prediction, targets = example()
    targets['positions_mask'][0, :, 2] = 0
    prediction['positions'].coordinates[..., 2] += 3
    assert losses(prediction, targets)['label_position'] == pytest.approx(3 / 5 / 8, rel=1e-4)
    published = losses(prediction, targets, reduction='all')
    assert published['label_position'] == pytest.approx(3 / 6 / 8, rel=1e-4)


def test_the_graphs_joints_are_found_by_name() -> None:
    prediction, targets = example()
    prediction['positions'].coordinates[:, GRAPH15.index('head_top')] += 15 * 8
    nowhere = torch.ones(2, 30, 3)
    nowhere[:, SUPERSET30.index('head_top')] = 0
    assert losses(prediction, targets)['label_position'] == pytest.approx(1, rel=1e-3)
    targets['positions_mask'] = nowhere
    assert losses(prediction, targets)['label_position'] == pytest.approx(0, abs=1e-5)


def test_a_moved_body_costs_nothing_and_a_larger_one_does() -> None:
    prediction, targets = example()
    prediction['joints'] = prediction['joints'] + torch.tensor([1.0, 2.0, 3.0])
    assert not changed(losses(prediction, targets))
    prediction['joints'] = targets['joints'] * 1.5
    result = losses(prediction, targets)
    expected = 0.5 * targets['joints'].abs().mean().item()
    assert changed(result) == {'label_joints', 'fit_joints'}
    assert result['label_joints'] == pytest.approx(expected, rel=1e-4)


def test_joints_count_where_they_are_annotated() -> None:
    prediction, targets = example()
    targets['joints'][0] = math.nan
    targets['joints_mask'][0] = 0
    prediction['joints'] = targets['fit_joints'] + 0.1
    prediction['joints'][:, 0] = 0
    expected = 0.1 * 29 / 30
    result = losses(prediction, targets)
    assert result['label_joints'] == pytest.approx(expected, rel=1e-4)
    assert losses(prediction, targets, reduction='all')['label_joints'] == pytest.approx(
        expected / 2, rel=1e-4
    )


def test_the_projection_is_compared_with_labels() -> None:
    prediction, targets = example()
    prediction['projected'][1] += 4
    targets['positions_mask'][0] = 0
    result = losses(prediction, targets)
    assert result['label_projection'] == pytest.approx(4 / 8, rel=1e-4)


def turn(prediction: dict, joint: int, angle: float) -> None:
    prediction['rotations'] = prediction['rotations'].clone()
    prediction['rotations'][:, joint] = axis_angle_to_matrix(torch.tensor([angle, 0.0, 0.0]))


def test_a_turned_knee_costs_what_its_matrix_or_its_vector_says() -> None:
    prediction, targets = example()
    turn(prediction, 4, 0.5)
    # 16 of 24 joints are supervised; four of nine elements of the matrix differ.
    matrix = 2 * (math.sin(0.5) + 1 - math.cos(0.5)) / (16 * 9)
    assert losses(prediction, targets)['fit_pose'] == pytest.approx(matrix, rel=1e-4)
    assert losses(prediction, targets, pose='axis_angle')['fit_pose'] == pytest.approx(
        0.5 / (16 * 3), rel=1e-3
    )
    published = losses(prediction, targets, pose='axis_angle', reduction='all')
    assert published['fit_pose'] == pytest.approx(0.5 / (24 * 3), rel=1e-3)


@pytest.mark.parametrize('joint', [7, 8, 10, 11, 20, 21, 22, 23])
def test_ankles_feet_wrists_and_hands_are_free(joint: int) -> None:
    prediction, targets = example()
    turn(prediction, joint, 1.0)
    assert not changed(losses(prediction, targets))


def test_rotation_vectors_jump_at_half_a_turn_and_matrices_do_not() -> None:
    prediction, targets = example()
    turn(prediction, 0, math.pi - 0.01)
    targets['fit_rotations'][:, 0] = axis_angle_to_matrix(torch.tensor([math.pi + 0.01, 0.0, 0.0]))
    assert losses(prediction, targets)['fit_pose'] < 1e-3
    assert losses(prediction, targets, pose='axis_angle')['fit_pose'] > 0.1


def test_without_a_fit_only_labels_count() -> None:
    prediction, targets = example()
    for name in ('fit_mask', 'betas_mask', 'fit_positions_mask'):
        targets[name] = torch.zeros_like(targets[name])
    for name in ('fit_positions', 'fit_joints', 'fit_rotations', 'fit_betas'):
        targets[name] = torch.full_like(targets[name], math.nan)
    assert not changed(losses(prediction, targets))


def test_an_extreme_shape_counts_as_the_mean_one() -> None:
    prediction, targets = example()
    targets['fit_betas'][1, 4] = 3.5
    prediction['betas'] = torch.full((2, 10), 0.25)
    targets['fit_betas'][0] = 0.25
    assert losses(prediction, targets)['fit_shape'] == pytest.approx(0.125, rel=1e-4)
    assert losses(prediction, targets, max_beta=None)['fit_shape'] > 0.2


def test_weights_scale_and_remove_terms() -> None:
    prediction, targets = example()
    prediction['betas'] = prediction['betas'] + 1
    result = losses(prediction, targets, weights=dict(fit_shape=0.5, label_position=0))
    assert result['fit_shape'] == pytest.approx(0.5, rel=1e-4)
    assert set(TERMS) - set(result) == {'label_position'}
    with pytest.raises(ValueError, match=r"weights got \['shape'\]"):
        MeshLoss(weights=dict(shape=1))
    with pytest.raises(ValueError, match="pose got 'quaternion'"):
        MeshLoss(pose='quaternion')

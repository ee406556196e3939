from collections.abc import Callable

import torch
from mmpose.utils.typing import SampleList
from torch import Tensor

from mmpose_ext.body_models import SMPLLayer
from mmpose_ext.geometry import axis_angle_to_matrix, project_points
from mmpose_ext.models.mesh_batch import MeshTargets
from mmpose_ext.skeletons import SUPERSET30

_PELVIS = SUPERSET30.index('pelvis')
# Nearer to the camera than this, in metres, nothing has a position in the crop.
_NEAREST = 0.1


def stack_labels(data_samples: SampleList, field: str, like: Tensor) -> Tensor:
    """One field of ``gt_instances`` of a batch.

    Args:
        data_samples: B samples with one instance each; arrays or tensors, on any device.
        field: Name of the field.
        like: Floating tensor on the device that the result goes to, in its type.

    Returns:
        ``(B, ...)``.

    Raises:
        ValueError: If a sample lacks the field.
    """
    missing = [i for i, sample in enumerate(data_samples) if field not in sample.gt_instances]
    if missing:
        raise ValueError(
            f'gt_instances got no {field!r} in sample {missing[0]} of the batch, expected the '
            'pipeline to pack it'
        )
    values = [torch.as_tensor(sample.gt_instances[field]) for sample in data_samples]
    return torch.cat(values).to(like)


@torch.no_grad()
def mesh_targets(
    data_samples: SampleList,
    body: Callable[[str], SMPLLayer],
    gender: str,
    crop_size: int,
    volume_size: float,
    like: Tensor,
) -> MeshTargets:
    """Gather the labels of a batch, and run SMPL on its fits.

    Args:
        data_samples: As ``PackMeshInputs`` packs them.
        body: Returns the layer of a gender; fits of other genders than the network's have other
            shape directions.
        gender: Gender of the network's own layer.
        crop_size: Side of the crop in pixels.
        volume_size: What coordinates count the crop's side as.
        like: Floating tensor on the device of the network.

    Raises:
        ValueError: If a sample lacks a label.
    """

    def stack(field: str) -> Tensor:
        return stack_labels(data_samples, field, like)

    scale = volume_size / crop_size
    joints, joints_mask = stack('joints_cam'), stack('joints_cam_valid')[..., None]
    visible = stack('keypoints_visible')[..., None]
    positions = torch.cat(
        [stack('keypoints') * scale, _depth(joints, volume_size)[..., None]], dim=-1
    )
    in_depth = _inside(positions[..., 2:], volume_size)
    positions_mask = torch.cat([visible, visible, visible * joints_mask * in_depth], dim=-1)

    rotations, betas = axis_angle_to_matrix(stack('smpl_pose')), stack('smpl_betas')
    fit_mask = stack('smpl_valid')
    genders = [sample.metainfo.get('gender', gender) for sample in data_samples]
    fit = _fitted_joints(body, genders, rotations, betas)
    placed = fit + stack('smpl_transl')[:, None]
    fit = fit - fit[:, [_PELVIS]]
    pixels = project_points(placed, stack('camera'), min_depth=_NEAREST)
    fit_positions = torch.cat([pixels * scale, _depth(fit, volume_size)[..., None]], dim=-1)
    inside = _inside(fit_positions, volume_size) * (placed[..., 2:] >= _NEAREST)
    same_gender = like.new_tensor([name == gender for name in genders])
    return MeshTargets(
        positions=positions,
        positions_mask=positions_mask,
        joints=joints,
        joints_mask=joints_mask,
        fit_positions=fit_positions,
        fit_positions_mask=inside * fit_mask[:, None, None],
        fit_joints=fit,
        fit_rotations=rotations,
        fit_betas=betas,
        fit_mask=fit_mask,
        betas_mask=fit_mask * same_gender,
    )


def _fitted_joints(
    body: Callable[[str], SMPLLayer], genders: list[str], rotations: Tensor, betas: Tensor
) -> Tensor:
    joints = rotations.new_empty(len(genders), SUPERSET30.num_keypoints, 3)
    for gender in sorted(set(genders)):
        rows = [row for row, own in enumerate(genders) if own == gender]
        joints[rows] = body(gender).joints(rotations[rows], betas[rows]).to(joints)
    return joints


def _depth(joints: Tensor, volume_size: float) -> Tensor:
    """Depth relative to the pelvis, -1 m to 1 m, as the third coordinate of the volume."""
    return (joints[..., 2] + 1) / 2 * volume_size


def _inside(coordinates: Tensor, volume_size: float) -> Tensor:
    """Whether all coordinates are in the volume, ``(..., 1)``, 0 or 1."""
    inside = (coordinates >= 0) & (coordinates < volume_size)
    return inside.all(dim=-1, keepdim=True).to(coordinates)

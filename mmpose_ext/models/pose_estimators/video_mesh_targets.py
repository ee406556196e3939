import numpy as np
import torch
from mmpose.utils.typing import SampleList
from torch import Tensor

from mmpose_ext.geometry import axis_angle_to_matrix
from mmpose_ext.models.video_batch import VideoMeshTargets

# For each label the one that says where it counts.
_MASKS = dict(
    keypoints='keypoints_visible',
    joints='joints_valid',
    smpl_pose='smpl_valid',
    smpl_betas='smpl_valid',
)


def stack_clips(data_samples: SampleList, field: str, like: Tensor) -> Tensor:
    """One field of ``gt_instances`` of a batch of clips.

    Args:
        data_samples: B samples whose instances are the frames of a clip.
        field: Name of the field.
        like: Floating tensor on the device that the result goes to, in its type.

    Returns:
        ``(B, T, ...)``.

    Raises:
        ValueError: If a sample lacks the field, or clips have different lengths.
    """
    for sample in data_samples:
        if field not in sample.gt_instances:
            raise ValueError(
                f'gt_instances got no {field!r} in {_title(sample)}, expected the pipeline to pack '
                'it'
            )
    values = [torch.as_tensor(sample.gt_instances[field]) for sample in data_samples]
    shapes = sorted({tuple(value.shape) for value in values})
    if len(shapes) > 1:
        raise ValueError(f'{field!r} got shapes {shapes}, expected one')
    return torch.stack(values).to(like)


@torch.no_grad()
def video_mesh_targets(
    data_samples: SampleList, gender: str | None, like: Tensor
) -> VideoMeshTargets:
    """Gather the labels of a batch of clips.

    Args:
        data_samples: As ``PackVideoMeshInputs`` packs them.
        gender: That of the network's body. Shape parameters of other genders mean other people on
            it, so they are not learned from; None to learn from all of them.
        like: Floating tensor on the device of the network.

    Raises:
        ValueError: If a sample lacks a label, or one that counts is not finite; names the clip and
            the frame.
    """
    for sample in data_samples:
        _check_finite(sample)
    values = {
        field: stack_clips(data_samples, field, like)
        for field in (*_MASKS, *dict.fromkeys(_MASKS.values()))
    }
    smpl_valid = values['smpl_valid']
    # A pose that does not count may be anything, and NaN times zero is NaN.
    pose = values['smpl_pose'].nan_to_num()
    genders = [sample.metainfo.get('gender', gender) for sample in data_samples]
    same = like.new_tensor([gender is None or own in (gender, 'neutral') for own in genders])
    return VideoMeshTargets(
        keypoints=values['keypoints'],
        keypoints_visible=values['keypoints_visible'],
        joints=values['joints'],
        joints_valid=values['joints_valid'],
        rotations=axis_angle_to_matrix(pose),
        betas=values['smpl_betas'],
        smpl_valid=smpl_valid,
        betas_valid=smpl_valid * same[:, None],
    )


def _check_finite(sample) -> None:
    instances = sample.gt_instances
    for field, mask in _MASKS.items():
        if field not in instances or mask not in instances:
            continue  # Said by what stacks them.
        values, weights = (np.asarray(instances[name]) for name in (field, mask))
        finite = np.isfinite(values).reshape(*weights.shape, -1).all(-1)
        bad = np.argwhere(~np.isfinite(weights) | (~finite & (weights > 0)))
        if len(bad):
            frame, *joint = (int(index) for index in bad[0])
            where = f'frame {_frame_ids(sample)[frame]}' + (f', joint {joint[0]}' if joint else '')
            raise ValueError(
                f'{_title(sample)}: {field!r} got {values[tuple(bad[0])].tolist()} in {where}, '
                f'expected finite numbers where {mask!r} is not zero'
            )


def _title(sample) -> str:
    return f'clip {sample.metainfo.get("video_id", "?")!r}'


def _frame_ids(sample) -> np.ndarray:
    return np.asarray(sample.metainfo.get('frame_ids', range(len(sample.gt_instances))))

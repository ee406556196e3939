from collections.abc import Callable

import numpy as np
import pytest
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from scipy.spatial import ConvexHull

from mmpose_ext.body_models import BodyModel, load_body_model
from mmpose_ext.body_models.mesh_joints import superset_regressor
from mmpose_ext.geometry import (
    axis_angle_to_matrix,
    image_translation,
    matrix_to_axis_angle,
    weak_to_image,
    weak_translation,
)
from mmpose_ext.skeletons import LSP14, SPIN49


@pytest.fixture(scope='session')
def make_ball() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Vertices and faces (outward, counter-clockwise) of a closed ball."""

    def ball(center, radius=0.3, points=300):
        index = np.arange(points) + 0.5
        polar, around = np.arccos(1 - 2 * index / points), np.pi * (1 + 5**0.5) * index
        unit = np.stack(
            [np.cos(around) * np.sin(polar), np.sin(around) * np.sin(polar), np.cos(polar)], -1
        )
        faces = ConvexHull(unit).simplices
        a, b, c = np.moveaxis(unit[faces], 1, 0)
        inward = np.einsum('fc,fc->f', np.cross(b - a, c - a), a) < 0
        faces[inward] = faces[inward, ::-1]
        return unit * radius + np.asarray(center, float), faces.astype(np.int32)

    return ball


@pytest.fixture(scope='session')
def body() -> BodyModel:
    return load_body_model('standin')


@pytest.fixture(scope='session')
def make_sample(body) -> Callable[..., PoseDataSample]:
    """A data sample of one person who faces the camera, as an estimator returns it."""
    root = superset_regressor(body)[0]

    def sample(
        number=0, box=(80, 20, 280, 220), cam=(0.05, 0.1, 0.2), size=(320, 240), gender='neutral'
    ):
        rng = np.random.default_rng(number)
        pose, betas = rng.normal(0, 0.15, (24, 3)), rng.normal(0, 0.5, 10)
        # SMPL's axes are y up, the camera's y down.
        upright = axis_angle_to_matrix(pose[0] * 0.3)
        pose[0] = matrix_to_axis_angle(np.diag([1.0, -1, -1]) @ upright)
        vertices = body.skin(betas, pose)[0].astype(float)
        left, top, right, bottom = box
        side = right - left
        result = PoseDataSample(
            metainfo=dict(
                id=100 + number,
                img_id=7,
                img_path='images/crowd.jpg',
                ori_shape=(size[1], size[0]),
                input_size=(64, 64),
                warp_mat=np.array(
                    [[64 / side, 0, -left * 64 / side], [0, 64 / side, -top * 64 / side]]
                ),
                gender=gender,
                image_camera=np.array([[300.0, 0, 160], [0, 310, 115], [0, 0, 1]]),
            )
        )
        result.pred_instances = InstanceData(
            smpl_pose=pose[None],
            smpl_betas=betas[None],
            vertices=(vertices - root @ vertices)[None],
            camera=np.array([cam]),
            transl=image_translation(np.array([cam]), np.array([[side, bottom - top]], float)),
            bboxes=np.array([box], float),
            bbox_scores=np.ones(1),
        )
        result.gt_instances = InstanceData(
            smpl_pose=pose[None] * 1.0,
            smpl_betas=betas[None],
            smpl_transl=np.array([[0.0, 0.2, 3.0]]),
            smpl_valid=np.ones(1),
            bboxes=np.array([box], float),
        )
        return result

    return sample


@pytest.fixture(scope='session')
def make_clip_sample(body) -> Callable[..., PoseDataSample]:
    """A clip of somebody who faces the camera and lifts the left arm, as an estimator returns it.

    The prediction is right but for a shape that is ``off``, and annotated joints are those of the
    mesh under Human3.6M's regressor.
    """
    regressor = body.regressors['h36m17']
    # Human3.6M's rows of the joints of LSP.
    rows = [3, 2, 1, 4, 5, 6, 16, 15, 14, 11, 12, 13, 8, 10]
    common = list(SPIN49.indices(LSP14.keypoints))

    def joints_of(vertices):
        joints = np.zeros((49, 3))
        joints[common] = (regressor @ vertices)[rows]
        return joints

    def sample(frames=4, size=(96, 128), off=0.0, first=0, video='dance_p1', images=(), **metainfo):
        columns = {key: [] for key in ('pose', 'betas', 'vertices', 'joints', 'box')}
        betas = np.full(10, 0.3)
        for frame in range(first, first + frames):
            pose = np.zeros((24, 3))
            pose[0], pose[16] = (np.pi, 0, 0), (0, 0, 0.3 * frame)
            vertices = body.skin(betas + off, pose)[0].astype(float)
            left, top = 10 + 2 * frame, 20
            box = np.array([left, top, left + 80, top + 80], float)
            values = (pose, betas + off, vertices, joints_of(vertices), box)
            for key, value in zip(columns, values):
                columns[key].append(value)
        pose, shape, vertices, joints, boxes = (np.stack(column) for column in columns.values())
        camera = np.tile([0.9, 0.02, 0.25], (frames, 1))
        result = PoseDataSample(
            metainfo=dict(
                id=first,
                source='toy',
                video_id=video,
                frame_ids=np.arange(first, first + frames),
                fps=25.0,
                gender='neutral',
                ori_shape=size,
                **(dict(img_paths=list(images)) if images else {}),
                **metainfo,
            )
        )
        keypoints = weak_to_image(joints, camera, boxes)
        result.pred_instances = InstanceData(
            smpl_pose=pose,
            smpl_betas=shape,
            vertices=vertices,
            joints=joints,
            camera=camera,
            transl=weak_translation(camera),
            keypoints=keypoints,
            bboxes=boxes,
        )
        visible = np.zeros((frames, 49))
        visible[:, common] = 1
        result.gt_instances = InstanceData(
            smpl_pose=pose,
            smpl_betas=np.tile(betas, (frames, 1)),
            smpl_valid=np.ones(frames),
            keypoints=(keypoints - boxes[:, None, :2]) / 40 - 1,
            keypoints_visible=visible,
            joints=joints + [0.1, 0.2, 3],
            joints_visible=visible,
            joints_valid=np.ones(frames),
            scored=np.ones(frames),
            bboxes=boxes,
        )
        return result

    return sample

import functools

import numpy as np
import pytest

from mmpose_ext.body_models import load_body_model, superset_regressor
from mmpose_ext.geometry import image_translation, predicted_to_image
from mmpose_ext.skeletons import SUPERSET30

CROP = 64
MATRIX = superset_regressor(load_body_model('standin'))


@functools.cache
def body(gender='neutral'):
    return load_body_model('standin', gender)


def random_body(random):
    """Pose and shape of somebody who faces the camera."""
    pose = random.normal(0, 0.3, (24, 3))
    pose[0] = np.pi, 0, 0
    return pose.astype(np.float32), random.normal(0, 1, 10).astype(np.float32)


def predict(pose, betas, box=(100, 50, 228, 178), camera=(0.1, -0.1, 0.5)):
    """What the mesh estimator gives for a person: a neutral body relative to its pelvis."""
    vertices, _ = body().skin(betas, pose)
    joints = MATRIX @ vertices
    camera, box = np.array(camera), np.array(box, float)
    xywh = np.concatenate([box[:2], box[2:] - box[:2]])
    fields = dict(
        smpl_pose=pose,
        smpl_betas=betas,
        vertices=vertices - joints[0],
        joints=joints - joints[0],
        camera=camera,
        transl=image_translation(camera, xywh[2:]) + joints[0],
        keypoints=predicted_to_image(joints.astype(float), camera, xywh, CROP),
        keypoint_scores=np.full(30, 0.8),
        bboxes=box,
        bbox_scores=np.float32(1),
    )
    return {name: np.asarray(array)[None] for name, array in fields.items()}


@pytest.fixture
def make_person():
    """Make the sample of a person whose prediction is off by random angles."""

    def make(number=0, noise=0.1, gender='neutral', image=None, predicted=None, **metainfo):
        random = np.random.default_rng(number)
        pose, betas = random_body(random)
        turned = pose + random.normal(0, noise, pose.shape).astype(np.float32)
        return dict(
            id=number,
            img_id=number if image is None else image,
            img_path=f'{number}.jpg',
            source='synthetic',
            gender=gender,
            bbox_source='gt',
            input_size=(CROP, CROP),
            warp_mat=np.array([[0.5, 0, -50], [0, 0.5, -25]]),
            gt_instances=dict(
                smpl_pose=pose[None],
                smpl_betas=betas[None],
                smpl_transl=np.array([[0.3, 0.1, 5]], np.float32),
                smpl_valid=np.ones(1, np.float32),
                keypoints=np.zeros((1, SUPERSET30.num_keypoints, 2), np.float32),
                keypoints_visible=np.zeros((1, SUPERSET30.num_keypoints), np.float32),
            ),
            pred_instances=predict(turned, betas) if predicted is None else predicted,
            **metainfo,
        )

    return make


@pytest.fixture
def gendered_body():
    """The body of a gender."""
    return body


@pytest.fixture
def predicted_body():
    """Make predictions from SMPL parameters."""
    return predict


@pytest.fixture
def printed(monkeypatch):
    """Collect what a metric's module prints."""

    def collect(module):
        lines = []
        monkeypatch.setattr(module, 'print_log', lambda text, logger: lines.append(text))
        return lines

    return collect

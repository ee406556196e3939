import copy
import json

import numpy as np
import pytest

from mmpose_ext.skeletons import KeypointMap, get_skeleton


class PoseFile:
    """A small COCO-style file of random people, and predictions for it."""

    def __init__(self, path, skeleton, seed=0, images=6, unlabelled=()):
        self.path, self.skeleton = str(path), get_skeleton(skeleton)
        random = np.random.default_rng(seed)
        annotations = []
        for image in range(1, images + 1):
            for _ in range(random.integers(1, 4)):
                annotations.append(self._person(random, image, len(annotations) + 1, unlabelled))
        self.content = dict(
            images=[
                dict(id=i, width=640, height=480, file_name=f'{i}.jpg')
                for i in range(1, images + 1)
            ],
            categories=[dict(id=1, name='person')],
            annotations=annotations,
        )
        self.write()

    def write(self):
        with open(self.path, 'w') as file:
            json.dump(self.content, file)

    def _person(self, random, image, number, unlabelled):
        count = self.skeleton.num_keypoints
        width, height = random.uniform(60, 200, 2)
        x, y = random.uniform(0, 300, 2)
        keypoints = np.zeros((count, 3))
        keypoints[:, :2] = random.uniform((x, y), (x + width, y + height), (count, 2))
        keypoints[:, 2] = random.choice([0, 1, 2], count, p=[0.2, 0.2, 0.6])
        keypoints[self.skeleton.indices(unlabelled), 2] = 0
        keypoints[keypoints[:, 2] == 0] = 0
        return dict(
            id=number,
            image_id=image,
            category_id=1,
            iscrowd=0,
            bbox=[x, y, width, height],
            area=0.6 * width * height,
            keypoints=keypoints.ravel().tolist(),
            num_keypoints=int((keypoints[:, 2] > 0).sum()),
        )

    def labels(self, annotation):
        return np.array(annotation['keypoints'], float).reshape(-1, 3)

    def samples(self, model='union21', noise=0.0, seed=1, source='coco'):
        """Predictions of a model, right up to the noise; joints the file lacks are random."""
        model = get_skeleton(model)
        random = np.random.default_rng(seed)
        mapping = KeypointMap.between(self.skeleton, model, derive=True)
        samples = []
        for annotation in self.content['annotations']:
            labels = self.labels(annotation)
            keypoints, _ = mapping.apply(labels[:, :2], labels[:, 2])
            keypoints[~mapping.mapped] = random.uniform(0, 400, ((~mapping.mapped).sum(), 2))
            keypoints = keypoints + random.normal(0, 1, keypoints.shape) * noise
            x, y, width, height = annotation['bbox']
            samples.append(
                dict(
                    id=annotation['id'],
                    img_id=annotation['image_id'],
                    category_id=1,
                    source=source,
                    ori_shape=(480, 640),
                    raw_ann_info=copy.deepcopy(annotation),
                    gt_instances=dict(
                        bboxes=np.array([[x, y, x + width, y + height]], np.float32),
                        bbox_scores=np.ones(1, np.float32),
                        bbox_scales=np.array([[width, height]], np.float32),
                    ),
                    pred_instances=dict(
                        keypoints=keypoints[None].astype(np.float32),
                        keypoint_scores=random.uniform(0.3, 1, (1, model.num_keypoints)).astype(
                            np.float32
                        ),
                    ),
                )
            )
        return samples


@pytest.fixture
def pose_file(tmp_path):
    """Make a :class:`PoseFile` under a name."""

    def make(skeleton='coco17', name='annotations.json', **options):
        return PoseFile(tmp_path / name, skeleton, **options)

    return make


@pytest.fixture
def mpii_samples():
    """Make MPII samples: labels that count from 1, and predictions at a distance from them."""

    def make(count=12, model='union21', noise=2.0, seed=0, source='mpii'):
        random = np.random.default_rng(seed)
        model, mpii = get_skeleton(model), get_skeleton('mpii16')
        mapping = KeypointMap.between(mpii, model)
        samples = []
        for i in range(count):
            labels = random.uniform(50, 300, (1, 16, 2)).astype(np.float32)
            visible = (random.random((1, 16)) < 0.8).astype(np.float32)
            predicted, _ = mapping.apply(labels - 1, visible)
            predicted = predicted + random.normal(0, noise, predicted.shape).astype(np.float32)
            samples.append(
                dict(
                    id=i,
                    img_id=i,
                    source=source,
                    gt_instances=dict(
                        keypoints=labels,
                        keypoints_visible=visible,
                        head_size=random.uniform(10, 30, (1, 1)),
                    ),
                    pred_instances=dict(
                        keypoints=predicted,
                        keypoint_scores=np.ones((1, model.num_keypoints), np.float32),
                    ),
                )
            )
        return samples

    return make

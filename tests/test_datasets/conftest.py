import copy
import io
import json
import logging

import cv2
import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

import mmpose_ext  # noqa: F401


@pytest.fixture(autouse=True)
def _default_scope():
    init_default_scope('mmpose')


class DataFolder:
    """Three tiny data sets on the same photos: COCO (4 persons), MPII (3), Halpe (2)."""

    def __init__(self, root):
        self.root = root
        rng = np.random.default_rng(0)
        for number in range(4):
            image = cv2.GaussianBlur(rng.integers(0, 256, (200, 260, 3), np.uint8), (5, 5), 2)
            cv2.imwrite(str(root / f'{number:06d}.jpg'), image)
        images = [dict(id=n, file_name=f'{n:06d}.jpg', width=260, height=200) for n in range(4)]
        self.coco = dict(
            images=images,
            categories=[dict(id=1, name='person')],
            annotations=[self._coco_person(n, 17) for n in range(4)],
        )
        # Nose of person 1 is not labelled.
        self.coco['annotations'][1]['keypoints'][:3] = [0, 0, 0]
        self.mpii = [self._mpii_person(n) for n in range(3)]
        self.mpii[2]['joints_vis'][0] = 0
        halpe = [self._coco_person(n, 136) for n in range(2)]
        for person in halpe:
            person['keypoints'][17 * 3 : 18 * 3] = [60, 20, 2]
        self.halpe = dict(self.coco, annotations=halpe)

    @staticmethod
    def point(number, k):
        """Where keypoint k of a person is: distinct integers inside the image."""
        return 40 + 5 * k + number, 30 + 7 * k

    def _coco_person(self, number, slots):
        keypoints = np.zeros((slots, 3), int)
        keypoints[:17] = [(*self.point(number, k), 2) for k in range(17)]
        return dict(
            id=100 + number,
            image_id=number,
            category_id=1,
            iscrowd=0,
            area=5000,
            bbox=[30, 20, 100, 150],
            num_keypoints=17,
            keypoints=keypoints.ravel().tolist(),
        )

    def _mpii_person(self, number):
        return dict(
            image=f'{number:06d}.jpg',
            center=[90, 90],
            scale=0.7,
            joints=[list(self.point(number, k)) for k in range(16)],
            joints_vis=[1] * 16,
        )

    def source(self, name, **arguments):
        """Write one of the annotations and return its source config."""
        kind, skeleton = dict(
            coco=('CocoDataset', 'coco17'),
            mpii=('MpiiDataset', 'mpii16'),
            halpe=('HalpeDataset', 'halpe136'),
        )[name]
        (self.root / f'{name}.json').write_text(json.dumps(getattr(self, name)))
        dataset = dict(
            type=kind,
            data_root=str(self.root),
            ann_file=f'{name}.json',
            data_prefix=dict(img=''),
        )
        return dict(dict(skeleton=skeleton, dataset=dataset), **copy.deepcopy(arguments))


@pytest.fixture
def data(tmp_path):
    return DataFolder(tmp_path)


@pytest.fixture
def photo():
    """A smooth colour picture (300, 400, 3), in which a wrong position shows."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (30, 40, 3)).astype(np.uint8)
    return cv2.resize(coarse, (400, 300), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def capture_log():
    """Collect what goes to the current MMEngine logger; calling it gives the text so far."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield stream.getvalue
    logger.removeHandler(handler)

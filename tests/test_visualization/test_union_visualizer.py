import numpy as np
import pytest
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import VISUALIZERS
from mmpose.structures import PoseDataSample

from mmpose_ext.skeletons import MPII16, UNION21
from mmpose_ext.visualization import draw_keypoints

_IMAGE = np.full((300, 320, 3), 90, np.uint8)
_KEYPOINTS = np.array([[[30 + 60 * (k % 5), 30 + 60 * (k // 5)] for k in range(21)]], float)


@pytest.fixture
def visualizer():
    built = VISUALIZERS.build(
        dict(
            type='mmpose_ext.UnionVisualizer',
            name='union',
            bases=dict(coco='coco17', mpii='mpii16'),
        )
    )
    built.set_dataset_meta(parse_pose_metainfo(UNION21.metainfo()))
    return built


def _sample(source=None, keypoints=_KEYPOINTS):
    sample = PoseDataSample(metainfo={} if source is None else dict(source=source))
    sample.pred_instances = InstanceData(
        keypoints=keypoints,
        keypoints_visible=np.ones(keypoints.shape[:2]),
        keypoint_scores=np.ones(keypoints.shape[:2]),
        bboxes=np.array([[10.0, 10.0, 300.0, 290.0]]),
    )
    return sample


@pytest.mark.parametrize('source, base', [('coco', 'coco17'), ('mpii', MPII16), (None, None)])
def test_added_keypoints_depend_on_the_source(visualizer, source, base):
    drawn = visualizer.add_datasample('x', _IMAGE, _sample(source), draw_gt=False)
    expected = draw_keypoints(_IMAGE, _KEYPOINTS, base=base, channel_order='rgb')
    assert (drawn == expected).all()


def test_file_is_written_with_box_and_threshold(visualizer, tmp_path):
    sample = _sample('coco')
    sample.pred_instances.keypoints_visible[0, 20] = 0.1
    file = tmp_path / 'out.png'
    drawn = visualizer.add_datasample(
        'x', _IMAGE, sample, draw_gt=False, draw_bbox=True, kpt_thr=0.3, out_file=str(file)
    )
    assert file.exists()
    x, y = _KEYPOINTS[0, 20].astype(int)
    assert (drawn[y - 5 : y + 5, x - 5 : x + 5] == 90).all()
    assert (drawn[10, 20:300] != 90).any()


def test_ground_truth_is_drawn_in_its_own_skeleton(visualizer):
    own = _KEYPOINTS[:, :16]
    drawn = visualizer.add_datasample('x', _IMAGE, _sample('mpii', own), draw_gt=False)
    assert (drawn == draw_keypoints(_IMAGE, own, skeleton=MPII16, channel_order='rgb')).all()
    with pytest.raises(ValueError, match='got 16 per person, expected 21'):
        visualizer.add_datasample('x', _IMAGE, _sample('coco', own), draw_gt=False)

from pathlib import Path

import mmpose
import numpy as np
import pytest
from mmengine import Config
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_ext.skeletons import (
    AIC14,
    COCO17,
    CROWDPOSE14,
    HALPE26,
    HALPE136,
    MPII16,
    POSETRACK18,
    SHARED12,
    UNION21,
    get_skeleton,
)

MMPOSE_FILES = Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets'
LIBRARY = dict(
    coco=COCO17,
    mpii=MPII16,
    halpe26=HALPE26,
    halpe=HALPE136,
    aic=AIC14,
    crowdpose=CROWDPOSE14,
    posetrack18=POSETRACK18,
)


@pytest.mark.parametrize('name', LIBRARY)
def test_equal_to_the_metainfo_of_mmpose(name):
    theirs = parse_pose_metainfo(
        Config.fromfile(MMPOSE_FILES / f'{name}.py').dataset_info.to_dict()
    )
    ours = parse_pose_metainfo(LIBRARY[name].metainfo())
    for key in (
        'dataset_name',
        'keypoint_id2name',
        'flip_indices',
        'upper_body_ids',
        'lower_body_ids',
    ):
        assert ours[key] == theirs[key]
    for key in ('sigmas', 'dataset_keypoint_weights'):
        np.testing.assert_array_equal(ours[key], theirs[key])
    links = [{frozenset(link) for link in meta['skeleton_links']} for meta in (ours, theirs)]
    assert links[0] == links[1]
    assert len(ours['skeleton_links']) == len(theirs['skeleton_links'])


@pytest.mark.parametrize('skeleton', [*LIBRARY.values(), UNION21])
def test_flipping_twice_changes_nothing(skeleton):
    flips = np.array(skeleton.flip_indices)
    assert sorted(flips) == list(range(skeleton.num_keypoints))
    assert (flips[flips] == np.arange(skeleton.num_keypoints)).all()


def test_shared_joints_are_those_of_both():
    both = set(COCO17.keypoints) & set(MPII16.keypoints)
    assert set(SHARED12) == both
    assert [name for name in UNION21.keypoints if name in both] == list(SHARED12)
    assert get_skeleton('coco12_shared').keypoints == SHARED12


def test_get_skeleton():
    assert get_skeleton('union21') is UNION21
    assert get_skeleton(MPII16) is MPII16
    assert get_skeleton(COCO17.metainfo()).keypoints == COCO17.keypoints
    with pytest.raises(ValueError, match=r"got skeleton 'coco18', expected one of \['aic14'"):
        get_skeleton('coco18')


def test_colours_tell_the_sides():
    colours = dict(zip(UNION21.keypoints, UNION21.colors.tolist()))
    assert colours['left_hip'] == [0, 255, 0]
    assert colours['right_ear'] == [255, 128, 0]
    assert colours['thorax'] == colours['nose'] == [51, 153, 255]

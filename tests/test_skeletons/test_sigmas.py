import numpy as np
import pytest

from mmpose_ext.skeletons import (
    COCO17,
    HALPE26,
    HALPE136,
    MPII16,
    SIGMA_SETS,
    UNION21,
    sigmas_of,
)

# pelvis, thorax, upper neck, head top
CONVENTIONS = dict(
    coco21=(0.107, 0.079, 0.079, 0.079),
    halpe136=(0.080, 0.079, 0.080, 0.080),
    halpe26=(0.066, 0.079, 0.026, 0.026),
    mpii=(0.026, 0.026, 0.026, 0.026),
)


@pytest.mark.parametrize('name', CONVENTIONS)
def test_sets_agree_on_coco_and_differ_in_the_four_others(name):
    sigmas = sigmas_of(UNION21, name)
    assert sigmas.dtype == np.float32
    np.testing.assert_allclose(sigmas, (*COCO17.sigmas, *CONVENTIONS[name]), rtol=1e-6)
    assert set(CONVENTIONS) == set(SIGMA_SETS)


def test_aliases_find_the_joints_of_halpe():
    np.testing.assert_allclose(sigmas_of(HALPE26, 'halpe26'), HALPE26.sigmas, rtol=1e-6)
    by_name = dict(zip(HALPE26.keypoints, sigmas_of(HALPE26, 'halpe136')))
    assert by_name['head'] == by_name['neck'] == by_name['hip'] == np.float32(0.08)


def test_unknown_sets_and_joints_are_refused():
    with pytest.raises(ValueError, match="got sigma set 'coco', expected one of"):
        sigmas_of(MPII16, 'coco')
    with pytest.raises(ValueError, match=r"'halpe136' has no value for \['face-0'"):
        sigmas_of(HALPE136, 'halpe136')

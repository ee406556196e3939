import pytest

from mmpose_ext.body_models import load_body_model
from mmpose_ext.synthetic.generate import Generation
from mmpose_ext.synthetic.mesh_plan import mesh_plan
from mmpose_ext.synthetic.plan import Plan, Split, pose_plan
from mmpose_ext.synthetic.video_plan import video_plan

SEED = 3


@pytest.fixture(scope='session')
def bodies():
    return {gender: load_body_model('standin', gender=gender) for gender in ('female', 'male')}


@pytest.fixture(scope='session')
def shrunk_plan():
    """The pose plan with a handful of small images."""

    def shrink(count: int) -> Plan:
        plan = pose_plan('tiny')
        splits = tuple(
            Split(**{**vars(split), 'count': count, 'image_scale': 0.4}) for split in plan.splits
        )
        return Plan(plan.name, plan.size, splits, plan.write)

    return shrink


@pytest.fixture(scope='session')
def data_set(tmp_path_factory, shrunk_plan):
    """Folder of a small finished data set; tests must not change it."""
    out = tmp_path_factory.mktemp('synthetic')
    for _ in Generation(shrunk_plan(6), out, SEED).run(workers=0):
        pass
    return out


@pytest.fixture(scope='session')
def mesh_set(tmp_path_factory):
    """Folder of the smallest data set for mesh recovery; tests must not change it."""
    out = tmp_path_factory.mktemp('mesh')
    for _ in Generation(mesh_plan('tiny'), out, SEED).run(workers=0):
        pass
    return out


@pytest.fixture(scope='session')
def neutral():
    return load_body_model('standin')


@pytest.fixture(scope='session')
def video_set(tmp_path_factory):
    """Folder of the smallest data set of videos; tests must not change it."""
    out = tmp_path_factory.mktemp('video')
    for _ in Generation(video_plan('tiny'), out, SEED).run(workers=0):
        pass
    return out

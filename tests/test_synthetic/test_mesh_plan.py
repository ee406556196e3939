import re
from pathlib import PurePosixPath

import pytest

from mmpose_ext.synthetic.generate import MAKERS
from mmpose_ext.synthetic.mesh_plan import MESH_SIZES, StudioSplit, mesh_plan
from mmpose_ext.synthetic.plan import pose_plan, pretrain_plan


@pytest.fixture(params=MESH_SIZES)
def plan(request):
    return mesh_plan(request.param)


def test_no_two_images_share_a_file_or_an_id(plan):
    files, ids = set(), {}
    for split in plan.splits:
        files |= {(split.folder, split.file_name(index)) for index in range(split.count)}
        own = set(range(split.first_id, split.first_id + split.count))
        assert not own & ids.get(split.folder, set())
        ids.setdefault(split.folder, set()).update(own)
    assert len(files) == plan.count


def test_no_two_series_of_any_data_set_share_a_random_stream():
    plans = (pose_plan('small'), pretrain_plan('small'), mesh_plan('small'))
    streams = [split.stream for plan in plans for split in plan.splits]
    assert len(set(streams)) == len(streams)


def test_laboratory_has_all_combinations_under_their_official_names(plan):
    train, test = plan.splits[:2]
    for split, subjects, stride in ((train, {1, 5, 6, 7, 8}, 5), (test, {9, 11}, 64)):
        assert isinstance(split, StudioSplit)
        shots = [split.shot(index) for index in range(split.count)]
        assert len(set(shots)) == split.count
        assert {shot.subject for shot in shots} == subjects
        assert all(shot.frame % stride == 0 for shot in shots)
        for index, shot in enumerate(shots):
            name = PurePosixPath(split.file_name(index))
            fields = re.fullmatch(
                r's_(\d\d)_act_(\d\d)_subact_(\d\d)_ca_(\d\d)_(\d{6})', name.stem
            ).groups()
            assert tuple(map(int, fields)) == (
                shot.subject,
                shot.action,
                shot.subaction,
                shot.camera,
                shot.frame + 1,
            )
            assert name.parent.name == name.stem[:-7]
    assert {split.camera for split in (test.shot(i) for i in range(test.count))} == {4}


def test_every_label_has_a_maker(plan):
    assert {split.labels for split in plan.splits} <= set(MAKERS)


def test_sizes_are_what_they_are_for():
    assert mesh_plan('tiny').count < 100
    small, full = mesh_plan('small').count, mesh_plan('full').count
    assert 4000 < small < 5500
    assert 7 < full / small < 9

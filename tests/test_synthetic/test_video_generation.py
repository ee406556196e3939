import shutil
from dataclasses import replace

import pytest

from mmpose_ext.synthetic.generate import MAKERS, Generation
from mmpose_ext.synthetic.mesh_plan import mesh_plan
from mmpose_ext.synthetic.plan import pose_plan, pretrain_plan
from mmpose_ext.synthetic.video_plan import StudioVideoSplit, VideoSplit, video_plan

# That of the data sets in conftest.py.
SEED = 3


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


@pytest.fixture
def short_plan():
    """The plan with three frames per video and one motion."""
    plan = video_plan('tiny')
    splits = tuple(
        replace(split, frames=3, count=split.count // split.frames * 3)
        if isinstance(split, VideoSplit)
        else replace(split, count=1)
        for split in plan.splits
    )
    return replace(plan, splits=splits)


@pytest.fixture(params=['tiny', 'small'])
def plan(request):
    return video_plan(request.param)


def test_worker_processes_and_shards_give_the_same_bytes(tmp_path, short_plan):
    one, other = tmp_path / 'one', tmp_path / 'other'
    list(Generation(short_plan, one, SEED).run(workers=0))
    list(Generation(short_plan, other, SEED).run(workers=0, shard=(1, 2)))
    assert not list(other.rglob('annot.mat'))
    list(Generation(short_plan, other, SEED).run(workers=2, shard=(0, 2)))
    assert contents(one) == contents(other)
    assert list(one.rglob('annot.mat'))


def test_stopped_runs_continue_to_the_same_bytes(tmp_path, video_set):
    out = tmp_path / 'copy'
    shutil.copytree(video_set, out)
    before = contents(out)
    assert Generation(video_plan('tiny'), out, SEED).is_complete()
    image = next((out / '3DPW' / 'imageFiles').rglob('*.jpg'))
    image.unlink()
    motion = next((out / 'amass').rglob('*.npz'))
    motion.write_bytes(b'half')
    (out / '.records' / 'penn_action' / '5.json').unlink()
    next((out / 'mpi_inf_3dhp').rglob('annot.mat')).unlink()
    generation = Generation(video_plan('tiny'), out, SEED)
    assert not generation.is_complete()
    assert list(generation.run(workers=0))[-1].made == 3
    assert contents(out) == before


def test_no_two_frames_share_a_file_or_a_random_stream(plan):
    files = {
        (split.folder, split.file_name(index))
        for split in plan.splits
        for index in range(split.count)
    }
    assert len(files) == plan.count
    plans = (pose_plan('small'), pretrain_plan('small'), mesh_plan('small'), plan)
    streams = [split.stream for other in plans for split in other.splits]
    assert len(set(streams)) == len(streams)


def test_every_label_has_a_maker(plan):
    assert {split.labels for split in plan.splits} <= set(MAKERS)


def test_cameras_of_the_studio_film_the_same_frames(plan):
    split = plan.splits[0]
    assert isinstance(split, StudioVideoSplit)
    takes = [split.take(index) for index in range(split.count)]
    assert {take.video for take in takes} == set(range(split.videos))
    moments = {(take.video, take.frame) for take in takes}
    assert len(moments) * len(split.cameras) == len(takes)


def test_sizes_are_what_they_are_for():
    assert video_plan('tiny').count < 300
    small, full = video_plan('small'), video_plan('full')
    assert 4000 < small.count < 7000
    assert 7 < full.count / small.count < 14
    validation = next(split for split in small.splits if split.name == 'pw3d_validation')
    # Clips of 16 frames, of one person at least.
    assert validation.videos * (validation.frames // 16) >= 48
    # Each of 32 shots shows another.
    assert validation.videos >= 32


def test_seeds_give_other_videos(bodies):
    split = video_plan('tiny').splits[2]
    first = MAKERS[split.labels](split, 0, 1, bodies)
    assert MAKERS[split.labels](split, 0, 1, bodies) == first
    assert MAKERS[split.labels](split, 0, 2, bodies)[0] != first[0]

import argparse

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmpose.registry import HOOKS

from mmpose_ext.engine import MeshVisualizationHook
from mmpose_ext.engine.command_line import add_common_arguments, merge_common_arguments
from mmpose_ext.visualization import MeshVisualizer, person_colors


def visualizer():
    # MMEngine writes the folder of a run into the backends' settings.
    return dict(
        type='mmpose_ext.MeshVisualizer',
        body_model=dict(path='standin'),
        vis_backends=[dict(type='LocalVisBackend')],
    )


def hook(**options):
    return dict(type='mmpose_ext.MeshVisualizationHook') | options


def pictures(folder):
    return {path.name for path in folder.rglob('vis_image/*')}


def test_each_validation_draws_every_nth_image(make_runner, tmp_path):
    # Two, one, three and one people: seven samples, four iterations of training an epoch.
    runner = make_runner([2, 1, 3, 1], hook(enable=True, interval=2), visualizer())
    runner.train()
    assert pictures(tmp_path / 'work') == {
        f'val_image{index}_{index}_{step}.png' for index in (0, 2) for step in (4, 8)
    }


def test_a_picture_shows_everybody_in_the_image_across_batches(make_runner, tmp_path):
    runner = make_runner([1, 3], hook(enable=True, interval=1), visualizer())
    drawn = {}
    add = runner.visualizer.add_datasample
    runner.visualizer.add_datasample = lambda name, image, samples, inputs, **options: (
        drawn.update({name: ([s.id for s in samples], inputs, image)}),
        add(name, image, samples, inputs, **options),
    )
    runner.val()
    assert {name: ids for name, (ids, _, _) in drawn.items()} == {
        'val_image0_0': [10],
        'val_image1_1': [11, 12, 13],
    }
    _, inputs, image = drawn['val_image1_1']
    assert (image == 60).all()
    assert set(inputs[0]) == {'joints', 'joints_mask'}
    # The toy dataset writes the id of a person into the joints.
    assert [set(person['joints'].unique().tolist()) for person in inputs] == [{11}, {12}, {13}]


def test_validations_draw_a_limited_number_and_tests_all(make_runner, tmp_path):
    runner = make_runner([1] * 5, hook(enable=True, interval=1, max_images=2), visualizer())
    runner.val()
    assert pictures(tmp_path / 'work') == {'val_image0_0_0.png', 'val_image1_1_0.png'}
    runner.test()
    assert len(pictures(tmp_path / 'work')) == 2 + 5


@pytest.mark.parametrize('phase', ['val', 'test'])
def test_pictures_go_to_the_folder_that_is_asked_for(make_runner, tmp_path, phase):
    runner = make_runner([2, 1], hook(enable=True, interval=1, out_dir='shown'), visualizer())
    getattr(runner, phase)()
    step = '_0' if phase == 'val' else ''
    folder = tmp_path / 'work' / runner.timestamp / 'shown'
    found = {path.name: cv2.imread(str(path)) for path in folder.iterdir()}
    assert set(found) == {f'image0_0{step}.jpg', f'image1_1{step}.jpg'}
    # Two people in two colours, and one in the first, over a grey image.
    for number, picture in enumerate(found[name] for name in sorted(found)):
        overlay = picture[6:70, 108:204, ::-1].reshape(-1, 3).astype(float)
        overlay = overlay[np.ptp(overlay, axis=1) > 60]
        hues = person_colors(2) / np.linalg.norm(person_colors(2), axis=1, keepdims=True)
        likeness = overlay / np.linalg.norm(overlay, axis=1, keepdims=True) @ hues.T
        counts = np.bincount(likeness.argmax(axis=1), minlength=2)
        assert counts.min() > 50 if number == 0 else counts[0] > 50 and counts[1] == 0
    assert not pictures(tmp_path / 'work')


def test_nothing_is_drawn_until_it_is_enabled(make_runner, tmp_path):
    runner = make_runner([2], hook(), dict(type='PoseLocalVisualizer'))
    runner.val()
    assert not pictures(tmp_path / 'work')


def test_another_visualizer_is_refused_before_the_run(make_runner):
    runner = make_runner([2], hook(enable=True), dict(type='PoseLocalVisualizer'))
    with pytest.raises(ValueError, match="'PoseLocalVisualizer', expected 'mmpose_ext.MeshVis"):
        runner.train()
    assert runner.iter == 0


def test_flags_of_the_tools_turn_it_on():
    parser = argparse.ArgumentParser()
    parser.add_argument('config')
    add_common_arguments(parser)
    config = Config(dict(default_hooks=dict(visualization=hook(enable=False))))
    flags = ['x.py', '--show-dir', 'shown', '--interval', '7', '--show', '--wait-time', '2']
    merge_common_arguments(config, parser.parse_args(flags))
    built = HOOKS.build(config.default_hooks.visualization)
    assert isinstance(built, MeshVisualizationHook)
    assert (built.enable, built.out_dir, built.interval) == (True, 'shown', 7)
    assert (built.show, built.wait_time) == (True, 2)


def test_a_window_is_opened_instead_of_storing(make_runner, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(
        MeshVisualizer, 'show', lambda self, image, **options: shown.append((image, options))
    )
    options = dict(enable=True, interval=1, show=True, wait_time=3.0, out_dir='shown')
    runner = make_runner([2, 1], hook(**options), visualizer())
    runner.test()
    assert [option for _, option in shown] == [
        dict(win_name='test_image0_0', wait_time=3.0),
        dict(win_name='test_image1_1', wait_time=3.0),
    ]
    assert (shown[1][0] == runner.visualizer.get_image()).all()
    assert not pictures(tmp_path / 'work')
    assert not list((tmp_path / 'work').rglob('shown'))


@pytest.mark.parametrize('name', ['interval', 'max_images'])
def test_numbers_must_be_positive(name):
    with pytest.raises(ValueError, match=f'{name} got 0, expected at least 1'):
        MeshVisualizationHook(**{name: 0})

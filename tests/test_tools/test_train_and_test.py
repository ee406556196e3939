import json
import pickle

import pytest
import torch


@pytest.mark.slow
def test_trains_and_tests(toy_config, run_tool, tmp_path):
    work_dir = tmp_path / 'my work'
    run_tool(
        'train.py',
        toy_config,
        '--work-dir',
        work_dir,
        '--auto-scale-lr',
        '--amp',
        '--cfg-options',
        'train_cfg.max_epochs=1',
        'optim_wrapper.optimizer.betas="(0.8, 0.9)"',
        'some_list=[a,b]',
        cwd=tmp_path,
    )
    checkpoint = torch.load(work_dir / 'epoch_1.pth', weights_only=True)
    assert checkpoint['optimizer']['param_groups'][0]['betas'] == (0.8, 0.9)
    # The same flag means float16 on a GPU.
    wrapper = 'AmpOptimWrapper' if torch.cuda.is_available() else 'mmpose_ext.CPUAmpOptimWrapper'
    assert f"type='{wrapper}'" in checkpoint['meta']['cfg']
    assert "some_list = [\n    'a',\n    'b',\n]" in checkpoint['meta']['cfg']
    assert (work_dir / 'curves.csv').exists()
    assert (work_dir / 'curves.png').read_bytes()[:4] == b'\x89PNG'
    assert (work_dir / 'best_AP_epoch_1.pth').exists()

    run_tool(
        'test.py',
        toy_config,
        work_dir / 'epoch_1.pth',
        '--work-dir',
        work_dir,
        '--out',
        tmp_path / 'the metrics.json',
        '--dump',
        tmp_path / 'the predictions.pkl',
        cwd=tmp_path,
    )
    score = json.loads((tmp_path / 'the metrics.json').read_text())['AP']
    predictions = pickle.loads((tmp_path / 'the predictions.pkl').read_bytes())
    assert len(predictions) == 8
    errors = [float(prediction['error']) for prediction in predictions]
    assert score == pytest.approx(-sum(errors) / len(errors))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ("dataset_type = ''", 'defines no dataset_type'),
        (
            "val_dataloader = dict(dataset=dict(data_root='no/data', ann_file='a.json'))",
            "val_dataloader.dataset.ann_file = 'no/data/a.json'",
        ),
        ("load_from = 'no.pth'", 'no.pth, does not exist'),
    ],
)
def test_a_config_that_cannot_run_is_one_clear_error(
    toy_config, run_tool, tmp_path, change, message
):
    with toy_config.open('a') as file:
        file.write(f'{change}\n')
    result = run_tool('train.py', toy_config, cwd=tmp_path, check=False)
    assert result.returncode == 1
    assert message in result.stderr
    assert 'Traceback' not in result.stderr
    assert not (tmp_path / 'work_dirs').exists()


def test_a_missing_checkpoint_is_one_clear_error(toy_config, run_tool, tmp_path):
    result = run_tool('test.py', toy_config, 'none.pth', cwd=tmp_path, check=False)
    assert result.returncode == 1
    assert 'none.pth does not exist' in result.stderr
    assert 'Traceback' not in result.stderr


def test_a_checkpoint_of_another_model_is_one_clear_error(toy_config, run_tool, tmp_path):
    state = {'layers.0.weight': torch.zeros(8, 3)}
    torch.save(dict(state_dict=state, meta={}), tmp_path / 'other.pth')
    result = run_tool('test.py', toy_config, 'other.pth', cwd=tmp_path, check=False)
    assert result.returncode == 1
    message = 'error: other.pth: checkpoint got layers.0.weight of shape (8, 3), expected (8, 4)'
    assert message in result.stderr
    assert 'Traceback' not in result.stderr


def test_bad_cases_of_a_model_without_head_are_one_clear_error(toy_config, run_tool, tmp_path):
    (tmp_path / 'any.pth').touch()
    result = run_tool('test.py', toy_config, 'any.pth', '--badcase', cwd=tmp_path, check=False)
    assert result.returncode == 1
    assert "--badcase got model 'ToyModel' without a head" in result.stderr
    assert 'Traceback' not in result.stderr

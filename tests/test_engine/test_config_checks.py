import pytest
from mmengine.config import Config

from mmpose_ext.engine.config_checks import ConfigError, check_dataset_type, check_files


def section(**dataset) -> Config:
    return Config({'train_dataloader': {'dataset': dataset}})


def test_complains_about_every_missing_file_and_says_how_to_make_data(tmp_path):
    config = section(
        type='mmpose_ext.UnionDataset',
        sources={
            'coco': {
                'dataset': {'data_root': 'no/coco', 'ann_file': 'a.json', 'bbox_file': 'b.json'}
            },
            'mpii': {'dataset': {'data_root': str(tmp_path), 'data_prefix': {'img': 'images/'}}},
        },
    )
    with pytest.raises(ConfigError) as error:
        check_files(config, ['train_dataloader'])
    message = str(error.value)
    assert "train_dataloader.dataset.sources.coco.dataset.ann_file = 'no/coco/a.json'" in message
    assert "train_dataloader.dataset.sources.coco.dataset.bbox_file = 'b.json'" in message
    assert f"sources.mpii.dataset.data_prefix.img = '{tmp_path}/images'" in message
    assert 'tools/make_synthetic.py pose' in message


def test_complains_about_teachers_that_are_not_there():
    config = Config({'model': {'teachers': {'coco': {'checkpoint': 'no.pth'}}}})
    with pytest.raises(ConfigError, match=r"model\.teachers\.coco\.checkpoint = 'no\.pth'"):
        check_files(config, ['model'])


def test_lists_of_datasets_are_looked_into():
    with pytest.raises(ConfigError, match=r'datasets\[1\]\.ann_file'):
        check_files(
            section(datasets=[{'type': 'A'}, {'ann_file': 'no.json'}]), ['train_dataloader']
        )


def test_complains_about_body_models_and_folders_of_edge_maps():
    loads = [
        dict(type='LoadEdgeMap', edge_prefix='no/maps'),
        dict(edge_prefix='a', missing='zeros'),
    ]
    config = section(body_model='no/smpl', pipeline=loads)
    config.model = dict(body_model=dict(path='no/SMPL_NEUTRAL.pkl'))
    config.val_evaluator = dict(body_model='standin')
    with pytest.raises(ConfigError) as error:
        check_files(config, ['model', 'train_dataloader', 'val_evaluator'])
    message = str(error.value)
    assert "model.body_model.path = 'no/SMPL_NEUTRAL.pkl'" in message
    assert "train_dataloader.dataset.body_model = 'no/smpl'" in message
    assert "pipeline[0].edge_prefix = 'no/maps'" in message and 'pipeline[1]' not in message
    assert 'smpl.is.tue.mpg.de' in message and 'val_evaluator' not in message


def test_passes_what_exists_or_lies_elsewhere(tmp_path):
    (tmp_path / 'a.json').touch()
    config = section(
        data_root=str(tmp_path),
        ann_file='a.json',
        data_prefix={'img': ''},
        bbox_file=None,
        metainfo={'from_file': 'configs/_base_/datasets/coco.py'},
        pipeline=[{'type': 'LoadImage'}],
    )
    config.model = {'init_cfg': {'checkpoint': 'https://example.org/a.pth'}}
    config.model.body_model = dict(path='standin')
    config.val_evaluator = None
    config.remote = {'data_root': 's3://bucket/coco/', 'ann_file': 'annotations/a.json'}
    check_files(config, ['train_dataloader', 'model', 'val_evaluator', 'remote', 'absent'])


def test_dataset_type_is_required():
    check_dataset_type(Config({'dataset_type': 'CocoDataset'}))
    with pytest.raises(ConfigError, match='defines no dataset_type'):
        check_dataset_type(Config({}))

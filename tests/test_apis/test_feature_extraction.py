import importlib.util
import re
from dataclasses import replace

import mmpose_ext  # noqa: F401

# isort: split
import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmpose.registry import MODELS

from mmpose_ext.apis.feature_extraction import FeatureJob, UnreadableImagesError
from mmpose_ext.apis.image_features import ImageFeatures
from mmpose_ext.datasets.datasets.video import (
    ClipFile,
    FeatureManifest,
    VideoMeshDataset,
    rows_crc32,
    write_clip_file,
)
from mmpose_ext.datasets.transforms.crop_clip import read_crop, square_crops

_ROWS, _SIZE = 11, 32
_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_BACKBONE = dict(
    type='mmpose_ext.PooledBackbone',
    backbone=dict(
        _scope_='mmdet',
        type='CSPNeXt',
        deepen_factor=0.167,
        widen_factor=0.125,
        out_indices=(1,),
        norm_cfg=dict(type='BN'),
        # Never read: what is trained comes from the checkpoint.
        init_cfg=dict(type='Pretrained', checkpoint='absent.pth'),
    ),
)


@pytest.fixture(scope='module')
def config():
    preprocessor = dict(type='mmpose_ext.VideoMeshDataPreprocessor', mean=_MEAN, std=_STD)
    return Config(dict(default_scope='mmpose', model=_BACKBONE, data_preprocessor=preprocessor))


@pytest.fixture(scope='module')
def backbone():
    torch.manual_seed(0)
    return MODELS.build(_BACKBONE).eval()


@pytest.fixture(scope='module')
def checkpoint(backbone, tmp_path_factory):
    file = tmp_path_factory.mktemp('weights') / 'tiny.pth'
    torch.save(dict(state_dict=backbone.state_dict()), file)
    return file


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    """Two tracks; the last boxes hang over the border."""
    root = tmp_path_factory.mktemp('images')
    generator = np.random.default_rng(0)
    paths = [f'{"ab"[row % 2]}/{row:06d}.jpg' for row in range(_ROWS)]
    for path in paths:
        (root / path).parent.mkdir(exist_ok=True)
        image = cv2.resize(generator.integers(0, 256, (9, 12, 3), np.uint8), (80, 60))
        cv2.imwrite(str(root / path), image)
    boxes = np.stack(
        [*np.full((2, _ROWS), 10.0), 20 + np.arange(_ROWS), 30 + 2 * np.arange(_ROWS)], axis=1
    )
    clips = ClipFile(
        image_path=np.array(paths),
        video_id=np.array(['a'] * 6 + ['b'] * 5),
        frame_idx=np.r_[0:6, 3:8],
        fps=np.full(_ROWS, 25, np.float32),
        bbox_xywh=np.c_[boxes, np.ones(_ROWS)].astype(np.float32),
        keypoints2d=np.zeros((_ROWS, 14, 3), np.float32),
        keypoints2d_convention='lsp14',
        gender=np.full(_ROWS, 'neutral'),
    )
    return root, clips


@pytest.fixture(scope='module')
def features(config, checkpoint):
    return ImageFeatures(config, checkpoint)


@pytest.fixture
def make_job(features, clips, tmp_path):
    root, rows = clips

    def make(name='tiny', **changes):
        arguments = dict(
            features=features,
            clips=rows,
            ann_file='data/clips/toy_train.npz',
            out=tmp_path / f'{name}.npy',
            backbone='tiny_cspnext',
            img_prefix=str(root),
            input_size=_SIZE,
            chunk_rows=3,
            batch_rows=2,
        )
        return FeatureJob(**(arguments | changes))

    return make


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


def test_features_are_those_of_the_backbone(make_job, backbone, clips):
    job = make_job()
    steps = []
    summary = job.run(workers=0, progress=lambda *step: steps.append(step))
    assert (summary.made, summary.kept, summary.complete) == (_ROWS, 0, True)
    assert steps[-1] == (_ROWS, _ROWS)
    root, rows = clips
    crops = square_crops(rows.bbox_xywh, 1.2)
    images = np.stack(
        [read_crop(str(root / path), crop, _SIZE) for path, crop in zip(rows.image_path, crops)]
    )
    rgb = torch.from_numpy(images[..., ::-1].astype(np.float32))
    normal = ((rgb - torch.tensor(_MEAN)) / torch.tensor(_STD)).permute(0, 3, 1, 2)
    with torch.no_grad():
        expected = backbone.body(normal)[-1].mean(dim=(2, 3))
    features = np.load(job.out, mmap_mode='r')
    assert features.dtype == np.float32 and features.shape == expected.shape
    np.testing.assert_allclose(features, expected.numpy(), atol=1e-5)
    assert np.ptp(features, axis=0).max() > 0.01


def test_features_are_those_that_the_estimator_computes_online(make_job, backbone, clips, tmp_path):
    root, rows = clips
    write_clip_file(tmp_path / 'toy_train.npz', rows)
    make_job(ann_file=tmp_path / 'toy_train.npz').run(workers=0)
    dataset = dict(
        ann_file='toy_train.npz',
        data_root=str(tmp_path),
        data_prefix=dict(img=str(root)),
        seq_len=2,
        test_mode=True,
        body_model='standin',
    )
    steps = ('CropClip', 'LoadClipImages', 'PackVideoMeshInputs')
    pipeline = [dict(type=f'mmpose_ext.{step}') for step in steps]
    pipeline[1]['input_size'] = _SIZE
    online = VideoMeshDataset(pipeline=pipeline, **dataset)
    offline = VideoMeshDataset(
        feature_file='tiny.npy', feature_backbone='tiny_cspnext', pipeline=[], **dataset
    )
    estimator = MODELS.build(
        dict(
            type='mmpose_ext.VideoMeshEstimator',
            backbone=_BACKBONE,
            head=dict(type='mmpose_ext.SMPLIterativeHead', in_channels=32, hidden_channels=8),
            body_model=dict(path='standin'),
        )
    ).eval()
    estimator.backbone.load_state_dict(backbone.state_dict())
    assert len(online) == len(offline) == 6
    for clip in range(len(online)):
        batch = estimator.data_preprocessor(pseudo_collate([online[clip]]))
        with torch.no_grad():
            expected = estimator.extract_feat(batch['inputs'])[0]
        np.testing.assert_allclose(offline[clip]['features'], expected.numpy(), atol=1e-5)


def test_weights_of_a_whole_estimator_are_taken_apart(config, backbone, features, tmp_path):
    weights = {f'backbone.{name}': value for name, value in backbone.state_dict().items()}
    torch.save(weights | {'head.fc1.weight': torch.zeros(1)}, tmp_path / 'estimator.pth')
    model = dict(
        type='mmpose_ext.VideoMeshEstimator',
        backbone=_BACKBONE,
        head=dict(type='mmpose_ext.SMPLIterativeHead'),
        data_preprocessor=config.data_preprocessor,
    )
    whole = ImageFeatures(Config(dict(model=model)), tmp_path / 'estimator.pth')
    crops = np.random.default_rng(0).integers(0, 256, (2, _SIZE, _SIZE, 3), np.uint8)
    np.testing.assert_array_equal(whole(crops), features(crops))


def test_the_manifest_says_what_they_are(make_job, checkpoint, clips, tmp_path):
    job = make_job()
    job.run(workers=0)
    assert sorted(contents(tmp_path)) == ['tiny.json', 'tiny.npy']
    manifest = FeatureManifest.read(job.out)
    assert (manifest.rows, manifest.channels) == np.load(job.out).shape
    assert (manifest.ann_file, manifest.backbone) == ('toy_train.npz', 'tiny_cspnext')
    assert (manifest.crop_scale, manifest.input_size) == (1.2, _SIZE)
    assert manifest.checkpoint == checkpoint.name
    _, rows = clips
    crc = rows_crc32(rows.video_id, rows.frame_idx)
    manifest.check(crc, _ROWS, 'tiny_cspnext', 1.2, manifest.channels)


def test_shards_in_any_order_give_the_same_bytes(make_job, tmp_path):
    make_job('alone').run(workers=0)
    summaries = [make_job('shards').run(workers=0, shard=(index, 3)) for index in (2, 0, 1)]
    assert [summary.complete for summary in summaries] == [False, False, True]
    assert sum(summary.made for summary in summaries) == _ROWS
    files = contents(tmp_path)
    assert files['shards.npy'] == files['alone.npy']
    assert files['shards.json'] == files['alone.json']
    assert len(files) == 4


@pytest.mark.slow
def test_worker_processes_give_the_same_bytes(make_job, tmp_path):
    make_job('alone').run(workers=0)
    assert make_job('workers').run(workers=2).made == _ROWS
    files = contents(tmp_path)
    assert files['workers.npy'] == files['alone.npy']


def test_a_stopped_run_continues(make_job, tmp_path):
    def stop(done, total):
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_job().run(workers=0, progress=stop)
    assert not (tmp_path / 'tiny.npy').exists()
    summary = make_job().run(workers=0)
    assert (summary.made, summary.kept, summary.complete) == (_ROWS - 6, 6, True)
    make_job('whole').run(workers=0)
    files = contents(tmp_path)
    assert files['tiny.npy'] == files['whole.npy']


def test_damaged_and_removed_chunks_are_made_again(make_job, tmp_path):
    job = make_job()
    for shard in (0, 1):
        job.run(workers=0, shard=(shard, 4))
    chunks = sorted(tmp_path.glob('.tiny.parts/*.npz'))
    assert len(chunks) == 2
    content = bytearray(chunks[0].read_bytes())
    content[len(content) // 2] ^= 1
    chunks[0].write_bytes(content)
    chunks[1].unlink()
    assert make_job().run(workers=0, shard=(0, 2)).made == 6
    make_job().run(workers=0)
    make_job('whole').run(workers=0)
    assert contents(tmp_path)['tiny.npy'] == contents(tmp_path)['whole.npy']


def test_a_damaged_chunk_of_another_shard_is_not_joined(make_job, tmp_path):
    make_job().run(workers=0, shard=(0, 2))
    chunk = min(tmp_path.glob('.tiny.parts/*.npz'))
    chunk.write_bytes(chunk.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r'000000\.npz was damaged.*run the command again'):
        make_job().run(workers=0, shard=(1, 2))
    assert not (tmp_path / 'tiny.npy').exists()
    assert make_job().run(workers=0).complete


def test_finished_features_are_checked_and_kept(make_job, tmp_path):
    job = make_job()
    job.run(workers=0)
    expected = contents(tmp_path)
    summary = make_job().run(workers=0)
    assert (summary.made, summary.kept, summary.complete) == (0, _ROWS, True)
    job.out.write_bytes(expected['tiny.npy'][:-4])
    assert make_job().run(workers=0).made == _ROWS
    job.out.unlink()
    assert make_job().run(workers=0).made == _ROWS
    assert contents(tmp_path) == expected


def test_a_kill_before_the_manifest_does_no_harm(make_job, tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(FeatureManifest, 'write', killed)
        make_job().run(workers=0)
    assert make_job().run(workers=0).kept == _ROWS
    assert sorted(contents(tmp_path)) == ['tiny.json', 'tiny.npy']


@pytest.mark.parametrize('finished', [False, True])
def test_features_of_other_settings_are_refused(
    make_job, clips, config, tmp_path, backbone, finished
):
    make_job().run(workers=0, shard=(0, 1 if finished else 2))
    _, rows = clips
    weights = {name: value + 1 for name, value in backbone.state_dict().items()}
    other = tmp_path / 'other.pth'
    torch.save(weights, other)
    wider = rows.bbox_xywh + np.float32([0, 0, 9, 0, 0])
    for changes, message in (
        (dict(backbone='spin'), "backbone got 'tiny_cspnext', expected 'spin'"),
        (dict(crop_scale=1.3), r'crop_scale got 1\.2, expected 1\.3'),
        (dict(input_size=64), 'input_size got 32, expected 64'),
        (dict(features=ImageFeatures(config, other)), 'checkpoint_crc32 got'),
        (dict(clips=replace(rows, bbox_xywh=wider)), 'boxes'),
        (dict(clips=replace(rows, frame_idx=rows.frame_idx + 1)), 'ann_crc32'),
    ):
        with pytest.raises(ValueError, match=f'other settings: .*{message}.*Remove it'):
            make_job(**changes)
    make_job()


def test_foreign_files_are_left_alone(make_job, tmp_path):
    (tmp_path / 'tiny.npy').write_bytes(b'precious')
    with pytest.raises(ValueError, match='has no manifest'):
        make_job()
    assert (tmp_path / 'tiny.npy').read_bytes() == b'precious'
    with pytest.raises(ValueError, match=r'expected the name of a \.npy file'):
        make_job(out=tmp_path / 'tiny.npz')


@pytest.fixture
def broken_images(clips):
    """Image 1 is truncated, image 2 is missing, image 7 is no image."""
    root, rows = clips
    files = [root / rows.image_path[row] for row in (1, 2, 7)]
    before = [file.read_bytes() for file in files]
    files[0].write_bytes(before[0][:-30])
    files[1].unlink()
    files[2].write_bytes(b'thesis')
    yield
    for file, content in zip(files, before):
        file.write_bytes(content)


def test_unreadable_images_are_named_and_nothing_is_lost(make_job, broken_images, tmp_path):
    with pytest.raises(UnreadableImagesError) as error:
        make_job().run(workers=0)
    message = str(error.value)
    assert '3 images of toy_train.npz' in message
    for part in ('b/000001.jpg', 'truncated', 'a/000002.jpg', 'b/000007.jpg'):
        assert part in message
    listed = (tmp_path / 'tiny.unreadable-0-of-1.txt').read_text().splitlines()
    assert len(listed) == 3
    assert not (tmp_path / 'tiny.npy').exists()


def test_whole_chunks_are_kept_beside_unreadable_images(make_job, broken_images, tmp_path):
    with pytest.raises(UnreadableImagesError):
        make_job().run(workers=0)
    # Chunks of rows 3 to 5 and 9 to 10 are there.
    assert len(list(tmp_path.glob('.tiny.parts/*.npz'))) == 2


def test_unusable_rows_are_named(make_job, clips):
    _, rows = clips
    boxes = rows.bbox_xywh.copy()
    boxes[4, 0] = np.nan
    with pytest.raises(ValueError, match=r"toy_train\.npz.*row 4 .*'bbox_xywh'.*finite"):
        make_job(clips=replace(rows, bbox_xywh=boxes))
    with pytest.raises(ValueError, match=r"toy_train\.npz' has no 'image_path'"):
        make_job(clips=replace(rows, image_path=None))


def test_unusable_networks_are_named(config, checkpoint, backbone, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'absent\.pth'):
        ImageFeatures(config, 'absent.pth')
    other = tmp_path / 'regressor.pth'
    torch.save({'head.fc1.weight': torch.zeros(1)}, other)
    with pytest.raises(ValueError, match=r"of another model: it lacks .*unknown.*'head\.fc1"):
        ImageFeatures(config, other)
    estimator = Config(dict(model=dict(type='X', head=dict(type='Y'))))
    with pytest.raises(ValueError, match=r'the config: X has no backbone.*features'):
        ImageFeatures(estimator, checkpoint)
    bare = Config(dict(model=_BACKBONE))
    with pytest.raises(ValueError, match='no data_preprocessor'):
        ImageFeatures(bare, checkpoint)
    unpooled = Config(dict(model=_BACKBONE['backbone'], data_preprocessor=config.data_preprocessor))
    torch.save(backbone.body.state_dict(), other)
    with pytest.raises(ValueError, match=r'expected \(2, C\): pool its maps'):
        ImageFeatures(unpooled, other)(np.zeros((2, _SIZE, _SIZE, 3), np.uint8))
    weights = {name: value * np.nan for name, value in backbone.state_dict().items()}
    torch.save(weights, other)
    with pytest.raises(ValueError, match='not finite numbers'):
        ImageFeatures(config, other)(np.zeros((2, _SIZE, _SIZE, 3), np.uint8))


@pytest.fixture
def arguments(config, checkpoint, clips, tmp_path):
    root, rows = clips
    write_clip_file(tmp_path / 'toy_train.npz', rows)
    config.dump(tmp_path / 'tiny_config.py')
    return [
        *(str(tmp_path / 'tiny_config.py'), str(checkpoint), str(tmp_path / 'toy_train.npz')),
        *(f'--data-root={root}', f'--out={tmp_path}/features/tiny.npy'),
        *('--workers=0', f'--input-size={_SIZE}'),
    ]


@pytest.fixture(scope='module')
def tool(repository):
    path = repository / 'tools/dataset_converters/extract_features.py'
    spec = importlib.util.spec_from_file_location('extract_features', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_the_command_tells_how_to_use_the_features(tool, arguments, tmp_path, capsys):
    tool.main(arguments)
    output = capsys.readouterr().out
    assert f'features of {_ROWS} frames' in output
    assert f"feature_file='{tmp_path}/features/tiny.npy'" in output
    manifest = FeatureManifest.read(tmp_path / 'features/tiny.npy')
    assert (manifest.backbone, manifest.crop_scale) == ('tiny_config', 1.2)
    tool.main(arguments)
    assert re.search(rf' 0 frames in \d+ s, kept those of {_ROWS}', capsys.readouterr().out)


def test_the_command_ends_with_a_sentence(tool, arguments, tmp_path, broken_images):
    for wrong, message in (
        ([*arguments[:2], 'absent.npz', *arguments[3:]], r'absent\.npz.*does not exist'),
        ([arguments[0], 'absent.pth', *arguments[2:]], r'checkpoint got .absent\.pth'),
        ([*arguments, '--out=features.npz'], r'expected the name of a \.npy'),
        (arguments, '3 images of toy_train.npz cannot be used'),
    ):
        with pytest.raises(SystemExit, match=f'error: .*{message}'):
            tool.main(wrong)
    for wrong in (['--shard=2/2'], ['--workers=-1']):
        with pytest.raises(SystemExit) as ending:
            tool.parse_args([*arguments, *wrong])
        assert ending.value.code == 2

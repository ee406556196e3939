from dataclasses import replace

import cv2
import numpy as np
import pytest
from mmengine.dataset import DefaultSampler, pseudo_collate
from torch.utils.data import DataLoader

from mmpose_ext.datasets import PseudoMaskDataset
from mmpose_ext.datasets.datasets.video import ClipFile, write_clip_file

FRAMES = 5


@pytest.fixture
def table():
    paths = [f'{track}/{frame}.png' for track in 'ab' for frame in range(FRAMES)]
    masks = np.array(paths)
    masks[[1, 7]] = ''
    return ClipFile(
        video_id=np.repeat(['a', 'b'], FRAMES),
        frame_idx=np.tile(np.arange(FRAMES), 2),
        fps=np.full(2 * FRAMES, 25, np.float32),
        image_path=np.array(paths),
        mask_path=masks,
        bbox_xywh=np.tile(np.array([4, 4, 16, 20, 1], np.float32), (2 * FRAMES, 1)),
    )


@pytest.fixture
def make(table, tmp_path):
    for kind in ('images', 'masks'):
        for path in table.image_path:
            file = tmp_path / kind / str(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(file), np.full((32, 24), 200, np.uint8))

    def make(table=table, **options):
        write_clip_file(tmp_path / 'clips.npz', table)
        defaults = dict(
            ann_file='clips.npz',
            data_root=str(tmp_path),
            data_prefix=dict(img='images/', mask='masks/'),
        )
        return PseudoMaskDataset(**(defaults | options))

    return make


def test_samples_are_the_frames_with_masks(make, tmp_path):
    dataset = make()
    assert len(dataset) == 8 and dataset.skipped == {'frames without a mask': 2}
    assert [dataset.get_data_info(i)['id'] for i in range(8)] == [0, 2, 3, 4, 5, 6, 8, 9]
    sample = dataset.get_data_info(1)
    assert sample['img_path'] == f'{tmp_path}/images/a/2.png'
    assert sample['mask_path'] == f'{tmp_path}/masks/a/2.png'
    assert (sample['video_id'], sample['frame_id']) == ('a', 2)
    np.testing.assert_array_equal(sample['bbox_xywh'], [4, 4, 16, 20])
    # What a pipeline does to a sample does not reach the next reader.
    sample['bbox_xywh'] += 1
    np.testing.assert_array_equal(dataset.get_data_info(1)['bbox_xywh'], [4, 4, 16, 20])


def test_every_other_frame_of_each_track(make):
    dataset = make(every=2)
    assert [dataset.get_data_info(i)['id'] for i in range(len(dataset))] == [0, 3, 5, 8]
    assert sum(dataset.skipped.values()) == 6
    assert len(make(indices=3)) == 3


def test_batches_for_a_segmentor(make):
    pipeline = [
        dict(type='mmpose_ext.CropForeground', input_size=16),
        dict(type='mmpose_ext.PackForegroundInputs'),
    ]
    dataset = make(pipeline=pipeline)
    loader = DataLoader(
        dataset, 4, sampler=DefaultSampler(dataset, False), collate_fn=pseudo_collate
    )
    batch = next(iter(loader))
    assert [tuple(image.shape) for image in batch['inputs']['img']] == [(3, 16, 16)] * 4
    assert (batch['data_samples'][0].gt_fields.foreground == 1).any()


def test_bad_files_are_errors(make, table, tmp_path):
    with pytest.raises(ValueError, match=r"no \['mask_path'\]. Masks are made by"):
        make(replace(table, mask_path=None))
    with pytest.raises(ValueError, match='has no frame with a mask'):
        make(replace(table, mask_path=np.array([''] * 10)))
    with pytest.raises(ValueError, match='every got 0'):
        make(every=0)
    (tmp_path / 'masks/b/4.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'masks: 1 of 8 .* missing.*b/4\.png'):
        make()
    assert len(make(check_files=False)) == 8

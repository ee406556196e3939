import numpy as np
import pytest
from mmengine.dataset import ConcatDataset

from mmpose_ext.apis.single_frame_clips import single_frame_clips
from mmpose_ext.datasets.datasets.mesh import BaseMeshDataset
from mmpose_ext.datasets.datasets.video import VideoMeshDataset, read_clip_file, write_clip_file
from mmpose_ext.skeletons import SPIN49, SUPERSET30


class ToyPeople(BaseMeshDataset):
    """Three people; the second has no fit."""

    SOURCE = 'toy'

    def load_data_list(self):
        return [dict(number=number) for number in range(3)]

    def get_data_info(self, idx):
        generator = np.random.default_rng(idx)
        keypoints = generator.uniform(10, 90, (1, 30, 2)).astype(np.float32)
        fit = dict(
            pose=np.full((24, 3), 0.01 * idx, np.float32),
            betas=np.full(10, idx, np.float32),
            transl=np.array([0, 0, 3], np.float32),
            gender='female',
        )
        return dict(
            img_path=f'/data/toy/images/{idx}.jpg',
            bbox=np.array([[10, 20, 40 + idx, 90]], np.float32),
            bbox_score=np.array([0.5], np.float32),
            keypoints=keypoints,
            keypoints_visible=(generator.uniform(size=(1, 30)) > 0.2).astype(np.float32),
            smpl=None if idx == 1 else fit,
            smpl_valid=float(idx != 1),
            camera=np.diag([500.0, 500.0, 1.0]),
        )


def test_people_become_tracks_of_one_frame(tmp_path):
    people = ToyPeople(serialize_data=False)
    clips = single_frame_clips(people, '/data/toy')
    write_clip_file(tmp_path / 'toy.npz', clips)
    clips = read_clip_file(tmp_path / 'toy.npz')
    assert clips.video_id.tolist() == ['toy_0000000', 'toy_0000001', 'toy_0000002']
    assert clips.image_path.tolist() == [f'images/{index}.jpg' for index in range(3)]
    np.testing.assert_allclose(clips.bbox_xywh[2], [10, 20, 32, 70, 0.5])
    assert clips.has_smpl.tolist() == [1, 0, 1]
    assert clips.gender.tolist() == ['female', 'neutral', 'female']
    dataset = VideoMeshDataset(
        ann_file='toy.npz',
        data_root=str(tmp_path),
        data_prefix=dict(img='/data/toy'),
        seq_len=1,
        body_model='standin',
        check_images=False,
        check_order=False,
    )
    assert len(dataset) == 3
    wrist = SUPERSET30.index('left_wrist'), SPIN49.index('left_wrist')
    for index in range(3):
        person, clip = people.get_data_info(index), dataset[index]
        assert clip['img_paths'] == [person['img_path']]
        if person['keypoints_visible'][0, wrist[0]]:
            np.testing.assert_allclose(
                clip['keypoints'][0, wrist[1]], person['keypoints'][0, wrist[0]]
            )
        assert clip['smpl_valid'][0] == clip['joints_valid'][0] == person['smpl_valid']
    np.testing.assert_allclose(dataset[2]['smpl_pose'][0], 0.02)


def test_what_is_no_mesh_dataset_is_refused():
    people = ToyPeople(serialize_data=False)
    with pytest.raises(ValueError, match=r'does not lie in img_prefix .elsewhere'):
        single_frame_clips(people, 'elsewhere')
    with pytest.raises(ValueError, match="the source 'toy'"):
        single_frame_clips(ConcatDataset([people, people]), '/data')
    with pytest.raises(ValueError, match='got list'):
        single_frame_clips([people], '/data')

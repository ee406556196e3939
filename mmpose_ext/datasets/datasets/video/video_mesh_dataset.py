from dataclasses import replace
from typing import Any

import numpy as np
from mmengine.dataset import force_full_init

from mmpose_ext.datasets.datasets.body.annotation_check import check_images
from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import LSP14, SPIN49, spin49_map

from .base_clip_dataset import BaseClipDataset
from .body_joints import spin49_joints
from .clip_file import ClipFile
from .feature_manifest import FeatureManifest, rows_crc32
from .joint_order import check_joint_order

BODY_GENDERS = ('annotated', 'neutral')
_COMMON = SPIN49.indices(LSP14.keypoints)


@DATASETS.register_module()
class VideoMeshDataset(BaseClipDataset):
    """Clips of one person each, with what is known of 2D keypoints, 3D joints and SMPL body.

    A sample has, for T frames:

    - ``id`` (its first row), ``source, domain, video_id, fps, gender`` and ``frame_ids`` (T,);
    - ``img_paths`` and ``mask_paths``, lists of T, where the file names them;
    - ``features`` (T, C) float32 where there are any, and ``crop_scale``;
    - ``bbox`` (T, 4) left, top, right, bottom of the tight box, ``bbox_xywh`` (T, 4) the same with
      its size, ``bbox_score`` (T,);
    - ``keypoints`` (T, 49, 2) in pixels of the image and ``keypoints_visible`` (T, 49), their
      confidence, in the order of :data:`SPIN49`; zeros where nothing is known;
    - ``joints`` (T, 49, 3) in metres, camera axes, as annotated, ``joints_visible`` (T, 49), and
      ``joints_valid`` (T,): 1 where all joints of :data:`LSP14` are known. Frames with a SMPL body
      and without those have the 49 joints of the body;
    - ``smpl_pose`` (T, 24, 3), ``smpl_betas`` (T, 10), ``smpl_transl`` (T, 3), ``smpl_valid`` (T,);
    - ``camera`` (T, 3, 3) where known;
    - ``scored`` (T,): 1 where the frame counts in evaluation.

    Args:
        ann_file: Clip file, relative to ``data_root``.
        feature_file: ``.npy`` file of image features, relative to ``data_root``, which is read a
            clip at a time. Its manifest lies beside it.
        feature_backbone: Expected name of the network that made the features; any if None.
        feature_channels: Expected number of features; any if None.
        crop_scale: Side of the crops in sides of the tight box's larger side: that of the features,
            of images that the pipeline cuts, and of the 2D targets.
        body_model: SMPL file or folder, see :func:`mmpose_ext.body_models.load_body_model`.
        body_gender: Which body gives joints where they are not annotated: that of the
            ``'annotated'`` gender, or the ``'neutral'`` one whatever the gender, as VIBE does.
        check_images: Look for every image at the start; by default where there are no features.
        check_order: Refuse 2D keypoints that are not in the order of their convention.
        kwargs: Arguments of :class:`BaseClipDataset`.

    Raises:
        FileNotFoundError: If an image, or the file of features or its manifest is missing.
        ValueError: If features belong to other rows, another network or another crop; see also
            :class:`BaseClipDataset`.
    """

    def __init__(
        self,
        ann_file: str = '',
        feature_file: str | None = None,
        feature_backbone: str | None = None,
        feature_channels: int | None = None,
        crop_scale: float = 1.2,
        body_model: str | None = None,
        body_gender: str = 'annotated',
        check_images: bool | None = None,
        check_order: bool = True,
        **kwargs: Any,
    ) -> None:
        if body_gender not in BODY_GENDERS:
            raise ValueError(f'body_gender got {body_gender!r}, expected one of {BODY_GENDERS}')
        if not crop_scale > 0:
            raise ValueError(f'crop_scale got {crop_scale!r}, expected a positive number')
        self.feature_file = feature_file
        self.feature_backbone = feature_backbone
        self.feature_channels = feature_channels
        self.crop_scale = crop_scale
        self.body_model = body_model
        self.body_gender = body_gender
        self.check_images = check_images
        self.check_order = check_order
        super().__init__(ann_file=ann_file, **kwargs)

    def prepare(self, table: ClipFile) -> ClipFile:
        """Check boxes, order of joints, features and images; complete joints from bodies."""
        if table.bbox_xywh is None:
            raise ValueError(
                f'{self.title}: {self.ann_file!r} has no boxes, it has {sorted(table.columns())}; '
                'motion is read by AMASSMotion'
            )
        self._maps = {
            dimensions: spin49_map(table.skeleton(dimensions))
            for dimensions in (2, 3)
            if getattr(table, f'keypoints{dimensions}d') is not None
        }
        if self.check_order and table.keypoints2d is not None:
            title = f'{self.title}: {self.ann_file!r}'
            remedy = '. If the file is right, set check_order=False'
            check_joint_order(table.keypoints2d, table.skeleton(2), title, remedy)
        self._open_features(table)
        self._look_for_images(table)
        self._complete_joints(table)
        # Four bytes a letter would be most of a large table.
        paths = {
            name: np.char.encode(getattr(table, name), 'utf-8')
            for name in ('image_path', 'mask_path')
            if getattr(table, name) is not None
        }
        return replace(table, **paths)

    @property
    def report(self) -> str:
        """Two lines: how many clips there are, what was left out, and what labels frames have."""
        table, number = self.table, len(self.table)
        annotated = 0 if table.keypoints2d is None else (table.keypoints2d[..., 2] > 0).any(1).sum()
        joints = sum(
            self._joints_valid(np.arange(i, min(i + 65536, number))).sum()
            for i in range(0, number, 65536)
        )
        smpl = 0 if table.has_smpl is None else (table.has_smpl > 0).sum()
        features = 'none' if self.features is None else f'{self.features.shape[1]} channels'
        return (
            f'{super().report}\n  frames with 2D keypoints: {int(annotated)}, with 3D joints: '
            f'{int(joints)} ({len(self._body_rows)} from SMPL), with SMPL: {int(smpl)}; '
            f'features: {features}'
        )

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The sample before the pipeline, see the class."""
        sample = super().get_data_info(idx)
        table, rows = self.table, self.rows(idx)
        box = table.bbox_xywh[rows]
        scored = self.scored(idx)
        if table.scored is not None:
            scored *= table.scored[rows]
        joints, joints_visible = self._joints(rows)
        sample.update(
            crop_scale=self.crop_scale,
            bbox=np.concatenate([box[:, :2], box[:, :2] + box[:, 2:4]], axis=1),
            bbox_xywh=box[:, :4].copy(),
            bbox_score=box[:, 4].copy(),
            joints=joints,
            joints_visible=joints_visible,
            joints_valid=self._joints_valid(rows),
            scored=scored,
        )
        sample['keypoints'], sample['keypoints_visible'] = self._keypoints(rows)
        sample.update(self._smpl(rows))
        for key, column, prefix in (
            ('img_paths', table.image_path, 'img'),
            ('mask_paths', table.mask_path, 'mask'),
        ):
            if column is not None:
                folder = self.data_prefix.get(prefix, '')
                names = [name.decode() for name in column[rows].tolist()]
                sample[key] = [_join(folder, name) for name in names]
        if table.camera is not None:
            sample['camera'] = table.camera[rows]
        if self.features is not None:
            features = np.array(self.features[rows], np.float32)
            if not np.isfinite(features).all():
                bad = int(rows[np.argmax(~np.isfinite(features).all(axis=1))])
                raise ValueError(
                    f'{self.title}: {self.feature_file or self.ann_file}: features of '
                    f'{table.row_name(bad)} are not finite'
                )
            sample['features'] = features
        return sample

    def _keypoints(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if 2 not in self._maps:
            return _nothing(rows, 2)
        points = self.table.keypoints2d[rows]
        return self._maps[2].apply(points[..., :2], points[..., 2])

    def _joints(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        joints, visible = _nothing(rows, 3)
        if 3 in self._maps:
            points = self.table.keypoints3d[rows]
            joints, visible = self._maps[3].apply(points[..., :3], points[..., 3])
        if len(self._body_rows):
            places = np.minimum(np.searchsorted(self._body_rows, rows), len(self._body_rows) - 1)
            known = self._body_rows[places] == rows
            joints[known], visible[known] = self._body_joints[places[known]], 1
        return joints, visible

    def _joints_valid(self, rows: np.ndarray) -> np.ndarray:
        """Of which rows all common joints are known, (T,) float32."""
        valid = np.isin(rows, self._body_rows)
        if 3 in self._maps:
            visible = self._maps[3].apply_scores(self.table.keypoints3d[rows][..., 3])
            valid |= (visible[:, _COMMON] > 0).all(axis=1)
        return valid.astype(np.float32)

    def _smpl(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        table, number = self.table, len(rows)
        if table.smpl_pose is None:
            return dict(
                smpl_pose=np.zeros((number, 24, 3), np.float32),
                smpl_betas=np.zeros((number, 10), np.float32),
                smpl_transl=np.zeros((number, 3), np.float32),
                smpl_valid=np.zeros(number, np.float32),
            )
        transl = table.smpl_transl
        return dict(
            smpl_pose=table.smpl_pose[rows].reshape(number, 24, 3),
            smpl_betas=table.smpl_betas[rows],
            smpl_transl=np.zeros((number, 3), np.float32) if transl is None else transl[rows],
            smpl_valid=table.has_smpl[rows],
        )

    def _open_features(self, table: ClipFile) -> None:
        self.features: np.ndarray | None = table.features
        if self.feature_file is not None:
            path = self.full_path(self.feature_file)
            manifest = FeatureManifest.read(path)
            manifest.check(
                rows_crc32(table.video_id, table.frame_idx),
                len(table),
                self.feature_backbone,
                self.crop_scale,
                self.feature_channels,
            )
            try:
                self.features = np.load(path, mmap_mode='r', allow_pickle=False)
            except (ValueError, EOFError) as error:
                raise ValueError(f'{self.title}: {path!r} is damaged: {error}') from error
            expected = (manifest.rows, manifest.channels)
            if self.features.shape != expected:
                raise ValueError(
                    f'{self.title}: {path!r} got shape {self.features.shape}, expected {expected} '
                    'as its manifest says'
                )
        elif self.features is not None and self.feature_channels not in (
            None,
            self.features.shape[1],
        ):
            raise ValueError(
                f'{self.title}: {self.ann_file!r} has {self.features.shape[1]} features, '
                f'expected {self.feature_channels}'
            )

    def _look_for_images(self, table: ClipFile) -> None:
        wanted = self.check_images
        if wanted is None:
            wanted = self.features is None
        if not wanted:
            return
        if table.image_path is None:
            raise ValueError(
                f'{self.title}: {self.ann_file!r} names no images and there are no features: '
                'set feature_file'
            )
        folder = self.data_prefix.get('img', '')
        check_images([_join(folder, name) for name in table.image_path.tolist()], self.title)

    def _complete_joints(self, table: ClipFile) -> None:
        """Joints of the bodies of frames without annotated ones, once."""
        self.table = table
        self._body_rows = np.zeros(0, np.int64)
        if table.smpl_pose is None:
            return
        rows = np.flatnonzero(table.has_smpl > 0)
        rows = rows[self._joints_valid(rows) == 0]
        if not len(rows):
            return
        genders = np.full(len(rows), 'neutral')
        if table.gender is not None and self.body_gender == 'annotated':
            genders = table.gender[rows]
        smpl = self._smpl(rows)
        self._body_joints = spin49_joints(
            smpl['smpl_pose'], smpl['smpl_betas'], smpl['smpl_transl'], genders, self.body_model
        )
        self._body_rows = rows


def _nothing(rows: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    shape = (len(rows), SPIN49.num_keypoints)
    return np.zeros((*shape, dimensions), np.float32), np.zeros(shape, np.float32)


def _join(folder: str, name: str) -> str:
    return f'{folder.rstrip("/")}/{name}' if folder and name else name

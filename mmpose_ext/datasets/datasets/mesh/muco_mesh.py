from typing import Any

import numpy as np

from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import MUCO21

from .base_mesh_dataset import BaseMeshDataset
from .coco_style_mesh import read_subsets
from .columns import read_json
from .fit_error import fit_errors_mm
from .mesh_people import MeshPeople
from .neural_annot import read_cameras
from .smpl_fits import SMPLFits


@DATASETS.register_module()
class MuCoMesh(BaseMeshDataset):
    """MuCo-3DHP (Mehta et al., 3DV 2018): composited people with joints and SMPLify-X's parameters.

    Of each image the person nearest to the camera is a sample, whom nobody hides; the others are
    its neighbours.

    Args:
        ann_file: Annotations as 3DCrowdNet's authors distribute them; image names in it include
            ``augmented_set/`` or ``unaugmented_set/``.
        smpl_file: SMPL parameters by annotation id, relative to ``data_root``.
        max_fit_error_mm: Fits up to this mean joint error are learnt from; None for all.
        kwargs: Arguments of :class:`BaseMeshDataset`.
    """

    SOURCE = 'muco'

    def __init__(
        self,
        ann_file: str = 'MuCo-3DHP.json',
        smpl_file: str = 'smpl_param.json',
        max_fit_error_mm: float | None = 25.0,
        **kwargs: Any,
    ) -> None:
        self.smpl_file = smpl_file
        self.max_fit_error_mm = max_fit_error_mm
        super().__init__(ann_file=ann_file, **kwargs)

    def read_people(self) -> MeshPeople:
        """Read annotations and parameters."""
        file = self.open_coco_file(self.ann_file)
        images, image_index = file.image_entries(self.data_prefix['img'])
        count = MUCO21.num_keypoints
        joints = file.column('keypoints_cam', (count, 3)) / 1000
        in_front = joints[..., 2] > 0
        behind = ~in_front.any(axis=1)
        self.count_skipped('wholly behind the camera', behind)
        depths = np.where(behind, np.inf, joints[:, MUCO21.index('pelvis'), 2])
        nearest = _nearest(image_index, depths) & ~behind
        self.count_skipped('farther from the camera than another', ~nearest & ~behind)
        of_images = [file.image_of(annotation) for annotation in file.annotations]
        fits, fit_index = self._fits(file.ids, joints)
        return MeshPeople(
            images=images,
            image_index=image_index,
            ids=file.ids,
            boxes=file.boxes(),
            skeleton=MUCO21,
            keypoints=file.column('keypoints_img', (count, 2)),
            visible=in_front,
            sampled=nearest,
            cameras=read_cameras(of_images, file.ids, file.title, focal='f', centre='c'),
            fits=fits,
            fit_index=fit_index,
            joints=joints,
            subsets=read_subsets(file),
        )

    def _fits(self, ids: np.ndarray, joints: np.ndarray) -> tuple[SMPLFits, np.ndarray]:
        path = self.full_path(self.smpl_file)
        content = read_json(path, f'{self.title}: SMPL parameter file')
        names = [str(i) for i in ids.tolist()]
        found = np.array([name in content for name in names], bool)
        names = [name for name, there in zip(names, found) if there]
        title = f'{self.title}: {path!r}'
        fits = SMPLFits.parse([content[name] for name in names], names, title, self.body_of)
        if self.max_fit_error_mm is not None and len(fits):
            errors = fit_errors_mm(fits, joints[found], MUCO21, self.body_of('neutral'))
            valid = errors <= self.max_fit_error_mm
            self.count_bad_fits(f'with an error above {self.max_fit_error_mm:g} mm', valid)
            fits = fits.with_valid(valid)
        return fits, np.where(found, np.cumsum(found) - 1, -1).astype(np.int32)


def _nearest(image_index: np.ndarray, depths: np.ndarray) -> np.ndarray:
    """Which people (N,) have the least depth in their images; the first of equals."""
    order = np.lexsort((depths, image_index))
    _, firsts = np.unique(image_index[order], return_index=True)
    nearest = np.zeros(len(depths), bool)
    nearest[order[firsts]] = True
    return nearest

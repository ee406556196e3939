from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.logging import print_log

from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import CROWDPOSE14

from .coco_style_mesh import CocoStyleMesh
from .columns import read_column
from .mesh_people import MeshPeople
from .smpl_fits import SMPLFits

FIT_RULES = ('below', 'above')


@DATASETS.register_module()
class CrowdPoseMesh(CocoStyleMesh):
    """CrowdPose's people (Li et al., CVPR 2019) with NeuralAnnot's SMPL parameters.

    CrowdPose's training file has width and height of its images exchanged. Whether a file has is
    seen from its boxes, and repaired with a message.

    Args:
        ann_file: For example ``annotations/crowdpose_train.json``.
        smpl_file: For example ``annotations/CrowdPose_train_SMPL_NeuralAnnot.json``; each entry has
            its ``fit_err`` in pixels of a 64 x 64 crop.
        max_fit_error: Fits whose error is ``fit_rule`` this are learnt from; None for all.
        fit_rule: ``'below'``, or ``'above'``, which is what 3DCrowdNet's published code does: it
            drops the good fits and keeps the bad.
        kwargs: Arguments of :class:`CocoStyleMesh`.
    """

    SOURCE = 'crowdpose'
    SKELETON = CROWDPOSE14

    def __init__(
        self,
        ann_file: str,
        smpl_file: str | None = None,
        max_fit_error: float | None = 5.0,
        fit_rule: str = 'below',
        **kwargs: Any,
    ) -> None:
        if fit_rule not in FIT_RULES:
            raise ValueError(f'fit_rule got {fit_rule!r}, expected one of {FIT_RULES}')
        self.max_fit_error = max_fit_error
        self.fit_rule = fit_rule
        super().__init__(ann_file=ann_file, smpl_file=smpl_file, **kwargs)

    def _judge(self, fits: SMPLFits, entries: list[Mapping[str, Any]], ids: np.ndarray) -> SMPLFits:
        if self.max_fit_error is None:
            return fits
        errors = read_column(entries, 'fit_err', (), ids, f'{self.title}: {self.smpl_file!r}')
        below = errors < self.max_fit_error
        valid = below if self.fit_rule == 'below' else ~below
        opposite = dict(below='at least', above='below')[self.fit_rule]
        self.count_bad_fits(f'with an error {opposite} {self.max_fit_error:g} px', valid)
        return fits.with_valid(valid)

    def _adjust(self, people: MeshPeople) -> None:
        sizes = people.sizes
        # Boxes may end a pixel outside.
        reach = people.boxes[:, 2:] - 1
        outside, outside_if_swapped = (
            int((reach > limits).any(axis=1).sum()) for limits in (sizes, sizes[:, ::-1])
        )
        if outside > outside_if_swapped:
            people.images = [
                image._replace(width=image.height, height=image.width) for image in people.images
            ]
            print_log(
                f'{self.title}: {self.ann_file} has width and height of its images exchanged '
                f'({outside} of {len(people)} boxes end outside, {outside_if_swapped} after '
                'exchanging them back)',
                logger='current',
            )

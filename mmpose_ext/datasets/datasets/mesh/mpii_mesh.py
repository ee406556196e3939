from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import MPII16

from .coco_style_mesh import CocoStyleMesh


@DATASETS.register_module()
class MpiiMesh(CocoStyleMesh):
    """MPII's people (Andriluka et al., CVPR 2014) with NeuralAnnot's SMPL parameters.

    Args:
        ann_file: Annotations in COCO's format, as 3DCrowdNet distributes them:
            ``annotations/train.json``. Image names in it include ``images/``.
        smpl_file: For example ``annotations/MPII_train_SMPL_NeuralAnnot.json``.
        kwargs: Arguments of :class:`CocoStyleMesh`.
    """

    SOURCE = 'mpii'
    SKELETON = MPII16

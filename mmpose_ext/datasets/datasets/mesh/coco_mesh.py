from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import COCO17

from .coco_style_mesh import CocoStyleMesh


@DATASETS.register_module()
class CocoMesh(CocoStyleMesh):
    """COCO's people (Lin et al., ECCV 2014) with NeuralAnnot's SMPL parameters.

    Crowd regions and people without a labelled keypoint are left out. Every fit that there is
    counts as good, as in 3DCrowdNet.

    Args:
        ann_file: For example ``annotations/person_keypoints_train2017.json``.
        smpl_file: For example ``annotations/MSCOCO_train_SMPL_NeuralAnnot.json``.
        kwargs: Arguments of :class:`CocoStyleMesh`.
    """

    SOURCE = 'coco'
    SKELETON = COCO17

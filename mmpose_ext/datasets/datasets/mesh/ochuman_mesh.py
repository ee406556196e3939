from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import COCO17

from .coco_style_mesh import CocoStyleMesh


@DATASETS.register_module()
class OCHumanMesh(CocoStyleMesh):
    """OCHuman's heavily occluded people (Zhang et al., "Pose2Seg", CVPR 2019), for testing.

    Args:
        ann_file: Annotations in COCO's format, as OCHuman distributes them:
            ``ochuman_coco_format_test_range_0.00_1.00.json``.
        kwargs: Arguments of :class:`CocoStyleMesh`.
    """

    SOURCE = 'ochuman'
    SKELETON = COCO17

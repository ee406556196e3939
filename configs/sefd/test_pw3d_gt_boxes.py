# 3DPW with the boxes of the annotation, which SEFD's published code takes; the 2D poses' boxes, as
# for all others in the paper, are those of sefd_student.py.
#     tools/dist_test.sh configs/sefd/test_pw3d_gt_boxes.py CHECKPOINT 2
# takes a network with 5x5 Canny edges, and with --cfg-options model.backbone.in_channels=3 one
# without edges.
_base_ = '../sefd_student.py'

test_dataloader = dict(dataset=dict(bbox_source='gt'))

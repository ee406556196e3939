# Table 3, "only inference": 98.29 / 62.30 / 115.99 mm. The teacher gets Canny edges instead of the
# SMPL edges it was trained with. For testing only:
#     tools/dist_test.sh configs/sefd/test_teacher_canny.py work_dirs/sefd_teacher/epoch_22.pth 2
_base_ = '../sefd_teacher.py'

load, smpl_edges, crop, pack = _base_.val_pipeline
canny_edges = dict(type='mmpose_ext.DetectEdges', method='canny', dilation=5)
test_dataloader = dict(dataset=dict(pipeline=[load, crop, canny_edges, pack]))

# VIBE as its published code trains and measures: one GPU, 13 clips with 3D labels, 19 with 2D
# keypoints and 32 motions a step; frames with few keypoints count less.
#     python tools/train.py configs/fewshot/vibe_paper.py
_base_ = '../fewshot_vibe.py'

model = dict(loss=dict(type='mmpose_ext.VideoMeshLoss', reduction='all'))
train_dataloader = dict(batch_size=13)
train_cfg = dict(extra_dataloaders=dict(kp2d=dict(batch_size=19), motion=dict(batch_size=32)))
val_evaluator = dict(protocol='vibe')
test_evaluator = val_evaluator

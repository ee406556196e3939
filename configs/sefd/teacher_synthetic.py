# The teacher, which sees the true SMPL edges, on generated people.
#     tools/dist_train.sh configs/sefd/teacher_synthetic.py 2
_base_ = 'baseline_synthetic.py'

model = dict(backbone=dict(in_channels=4))

# Drawn in the crop, where every person has about the same size: 3 pixels of 96 are about the 7 of
# 256 that the paper's table gives such a person.
smpl_edges = dict(
    type='mmpose_ext.RenderSMPLEdge', space='crop', dilation=3, body_model=_base_.body_model
)
load, crop, corrupt, pack = _base_.train_pipeline
train_pipeline = [load, crop, smpl_edges, corrupt, pack]
test_load, test_crop, test_pack = _base_.val_pipeline
val_pipeline = [test_load, test_crop, smpl_edges, test_pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# Table 2, SMPL edges of everybody in one picture (the paper's I_forall), where those that somebody
# hides are missing: 70.07 / 46.04 / 84.24 mm with the true edges of 3DPW.
_base_ = '../sefd_teacher.py'

edges = dict(_base_.smpl_edges, mode='all')
train_pipeline = [_base_.train_pipeline[0], edges, *_base_.train_pipeline[2:]]
val_pipeline = [_base_.val_pipeline[0], edges, *_base_.val_pipeline[2:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# COCO and MPII together, no teachers.
_base_ = '../unified_rtmpose_t.py'

model = dict(teachers=dict(_delete_=True))
train_dataloader = dict(dataset=dict(teachers=dict(_delete_=True)))

# The COCO teacher on generated people: RTMPose-t again, trained longer.
_base_ = './rtmpose_t_coco_synthetic.py'

train_dataloader = dict(sampler=dict(epoch_length=1920))

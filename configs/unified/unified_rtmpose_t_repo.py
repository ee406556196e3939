# What the authors' released code optimizes: 1.3 x task + .5 x COCO + .9 x MPII, of which only the
# last decays, with the task loss in the unit of MMPose's KLDiscretLoss and gradients clipped at
# 1.
_base_ = './unified_rtmpose_t_paper.py'

model = dict(preset='repo', head=dict(loss=dict(normalization='legacy')))
optim_wrapper = dict(clip_grad=dict(max_norm=1))

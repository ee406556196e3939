# Table 6, divergence of the softmax over channels (KD), all stages: 78.68 / 49.85 / 94.22 mm.
_base_ = '../sefd_student.py'

model = dict(
    distill=[dict(loss=dict(type='mmpose_ext.ChannelKLLoss'), stages=(0, 1, 2, 3))],
)

# VIBE whose encoder looks in both directions, as its paper says and its code does not.
_base_ = '../fewshot_vibe.py'

model = dict(encoder=dict(bidirectional=True))

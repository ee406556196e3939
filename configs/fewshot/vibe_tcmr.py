# A temporal encoder after TCMR, which forecasts frames from the others: the stronger alternative,
# above all for accelerations.
_base_ = '../fewshot_vibe.py'

model = dict(encoder=dict(_delete_=True, type='mmpose_ext.TCMREncoder', in_channels=2048))

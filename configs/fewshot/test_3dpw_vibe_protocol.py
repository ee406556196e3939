# 3DPW as VIBE's published code measures it: neutral bodies, unaligned vertices, accelerations
# across clips and videos, no tails of tracks.
#     tools/dist_test.sh configs/fewshot/test_3dpw_vibe_protocol.py CHECKPOINT 2
_base_ = '../fewshot_vibe.py'

test_evaluator = dict(protocol='vibe')

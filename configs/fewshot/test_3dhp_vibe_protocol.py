# MPI-INF-3DHP's test set as VIBE's published code measures it: all frames whose joints lie in the
# image, valid or not, and 14 joints of the mesh relative to the midpoint of the hips.
#     tools/dist_test.sh configs/fewshot/test_3dhp_vibe_protocol.py CHECKPOINT 2
_base_ = 'test_3dhp.py'

test_evaluator = dict(protocol='vibe', joints='annotated14')

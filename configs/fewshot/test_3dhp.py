# MPI-INF-3DHP's test set: the frames that it marks as valid, its 17 joints relative to its pelvis.
#     tools/dist_test.sh configs/fewshot/test_3dhp.py CHECKPOINT 2
_base_ = '../fewshot_vibe.py'

test_dataloader = dict(
    dataset=dict(
        type='mmpose_ext.MPIInf3DHPVideo',
        ann_file='clips/mpi_inf_3dhp_test.npz',
        feature_file='features/mpi_inf_3dhp_test.npy',
        data_prefix=dict(img='mpi_inf_3dhp/mpi_inf_3dhp_test_set/'),
    )
)
test_evaluator = dict(
    joints='mpi_inf_3dhp17', metrics=['MPJPE', 'PA-MPJPE', 'ACCEL', 'ACCEL-ERR', 'PCK@150', 'AUC']
)

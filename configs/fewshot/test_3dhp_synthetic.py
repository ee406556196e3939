# The test videos of the generated studio.
_base_ = 'vibe_synthetic.py'

test_dataloader = dict(
    dataset=dict(
        type='mmpose_ext.MPIInf3DHPVideo',
        ann_file='clips/mpi_inf_3dhp_test.npz',
        feature_file='features/mpi_inf_3dhp_test.npy',
        data_prefix=dict(img='mpi_inf_3dhp/mpi_inf_3dhp_test_set/'),
    )
)
test_evaluator = dict(joints='mpi_inf_3dhp17')

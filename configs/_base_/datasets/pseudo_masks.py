# Single frames of MPI-INF-3DHP's clip files with the masks that make_pseudo_masks.py made of them.
# Configs add pipelines, which depend on the size of the input.
data_root = 'data/'
dataset_type = 'mmpose_ext.PseudoMaskDataset'

train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=True,
    worker_init_fn=dict(type='mmpose_ext.seed_worker'),
    # A last batch of one sample would have no batch statistics.
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='clips/mpi_inf_3dhp_train_masks.npz',
        data_prefix=dict(img='mpi_inf_3dhp/', mask='masks/mpi_inf_3dhp_train/'),
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='clips/mpi_inf_3dhp_test_masks.npz',
        data_prefix=dict(
            img='mpi_inf_3dhp/mpi_inf_3dhp_test_set/', mask='masks/mpi_inf_3dhp_test/'
        ),
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmpose_ext.MaskIoU')
test_evaluator = val_evaluator

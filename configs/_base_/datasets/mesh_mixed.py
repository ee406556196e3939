# Human3.6M and MuCo against COCO and MPII, one sample of either kind for one of the other; tested
# on 3DPW with detected 2D poses. `python tools/check_data.py sefd` says what is missing.
dataset_type = 'mmpose_ext.PW3DMesh'
data_root = 'data/'
# None: data/body_models/smpl, else the stand-in body.
body_model = None
batch_size = 64

train_dataloader = dict(
    batch_size=batch_size,
    num_workers=8,
    persistent_workers=True,
    worker_init_fn=dict(type='mmpose_ext.seed_worker'),
    # A last batch of one sample would have no batch statistics.
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmpose_ext.BalancedMixedDataset',
        tail='redrawn',
        groups=[
            [
                dict(
                    type='mmpose_ext.Human36MMesh',
                    data_root=data_root + 'h36m/',
                    data_prefix=dict(img='images/'),
                    body_model=body_model,
                ),
                dict(
                    type='mmpose_ext.MuCoMesh',
                    data_root=data_root + 'muco/',
                    body_model=body_model,
                ),
            ],
            [
                dict(
                    type='mmpose_ext.CocoMesh',
                    data_root=data_root + 'coco/',
                    ann_file='annotations/person_keypoints_train2017.json',
                    smpl_file='annotations/MSCOCO_train_SMPL_NeuralAnnot.json',
                    data_prefix=dict(img='train2017/'),
                    body_model=body_model,
                ),
                dict(
                    type='mmpose_ext.MpiiMesh',
                    data_root=data_root + 'mpii/',
                    ann_file='annotations/train.json',
                    smpl_file='annotations/MPII_train_SMPL_NeuralAnnot.json',
                    body_model=body_model,
                ),
            ],
        ],
    ),
)

val_dataloader = dict(
    batch_size=batch_size,
    num_workers=8,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        subset='test',
        data_root=data_root + '3dpw/',
        data_prefix=dict(img='imageFiles/'),
        # The 2D pose's box, as 3DCrowdNet tests; SEFD's published code takes the true one.
        bbox_source='pose2d',
        body_model=body_model,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='mmpose_ext.MeshMetric', body_model=body_model)
test_evaluator = val_evaluator

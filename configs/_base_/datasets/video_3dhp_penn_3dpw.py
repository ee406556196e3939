# Clips with features of SPIN's network: of MPI-INF-3DHP with 3D joints, of PennAction with 2D
# keypoints; and motions of AMASS. Tested on 3DPW. `python tools/check_data.py fewshot` says what is
# missing.
dataset_type = 'mmpose_ext.PW3DVideo'
data_root = 'data/'
# None: data/body_models/smpl, else the stand-in body.
body_model = None

pipeline = [dict(type='mmpose_ext.CropClip'), dict(type='mmpose_ext.PackVideoMeshInputs')]
clips = dict(
    data_root=data_root,
    seq_len=16,
    feature_backbone='spin_resnet50',
    feature_channels=2048,
    # Of the features, and of the 2D targets with them.
    crop_scale=1.2,
    body_model=body_model,
    pipeline=pipeline,
)
training = dict(num_workers=4, drop_last=True, sampler=dict(type='DefaultSampler', shuffle=True))

# Per process. On two, 12 + 20 clips and 32 motions a step; VIBE has 13 + 19 and 32.
train_dataloader = dict(
    batch_size=6,
    dataset=dict(
        type='mmpose_ext.MPIInf3DHPVideo',
        ann_file='clips/mpi_inf_3dhp_train.npz',
        feature_file='features/mpi_inf_3dhp_train.npy',
        **clips,
    ),
    **training,
)
train_cfg = dict(
    type='mmpose_ext.MultiSourceIterTrainLoop',
    extra_dataloaders=dict(
        kp2d=dict(
            batch_size=10,
            dataset=dict(
                type='mmpose_ext.PennActionVideo',
                ann_file='clips/penn_action_train.npz',
                feature_file='features/penn_action_train.npy',
                **clips,
            ),
            **training,
        ),
        motion=dict(
            batch_size=16,
            dataset=dict(
                type='mmpose_ext.AMASSMotion',
                data_root=data_root,
                ann_file='clips/amass.npz',
                seq_len=16,
                pipeline=[dict(type='mmpose_ext.PackMotionInputs')],
            ),
            **training,
        ),
    ),
)

val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        ann_file='clips/3dpw_validation.npz',
        feature_file='features/3dpw_validation.npy',
        data_prefix=dict(img='3DPW/imageFiles/'),
        test_mode=True,
        **clips,
    ),
)
test_dataloader = dict(
    val_dataloader,
    dataset=dict(
        val_dataloader['dataset'],
        ann_file='clips/3dpw_test.npz',
        feature_file='features/3dpw_test.npy',
    ),
)
val_evaluator = dict(type='mmpose_ext.VideoMeshMetric', body_model=body_model)
test_evaluator = val_evaluator

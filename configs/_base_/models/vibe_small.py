# VIBE at a quarter of its widths, for CPUs, on the features of
# fewshot/image_hmr_synthetic.py, whose head it starts from.
model = dict(
    type='mmpose_ext.VideoMeshEstimator',
    data_preprocessor=dict(type='mmpose_ext.VideoMeshDataPreprocessor'),
    encoder=dict(
        type='mmpose_ext.TemporalGRUEncoder', in_channels=512, hidden_channels=256, num_layers=2
    ),
    head=dict(
        type='mmpose_ext.SMPLIterativeHead',
        in_channels=512,
        hidden_channels=512,
        init_cfg=dict(
            type='Pretrained',
            prefix='head.',
            checkpoint='{{ fileDirname }}/../../fewshot/image_hmr_synthetic.pth',
        ),
    ),
    discriminator=dict(type='mmpose_ext.MotionDiscriminator', hidden_channels=128),
    # Generated people are stand-ins.
    body_model=dict(path='standin'),
)

# VIBE on image features: two recurrent layers over the frames, SPIN's head, and a discriminator
# of motions. The head starts from SPIN's weights, which convert_vibe.py converts.
model = dict(
    type='mmpose_ext.VideoMeshEstimator',
    data_preprocessor=dict(type='mmpose_ext.VideoMeshDataPreprocessor'),
    encoder=dict(
        type='mmpose_ext.TemporalGRUEncoder', in_channels=2048, hidden_channels=1024, num_layers=2
    ),
    head=dict(
        type='mmpose_ext.SMPLIterativeHead',
        in_channels=2048,
        init_cfg=dict(
            type='Pretrained', prefix='head.', checkpoint='checkpoints/spin_resnet50.pth'
        ),
    ),
    discriminator=dict(type='mmpose_ext.MotionDiscriminator', hidden_channels=1024),
)

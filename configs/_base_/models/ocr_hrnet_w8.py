# The foreground segmentor at a sixth of its width and with one block per branch, for CPUs.
input_size = 96
_channels = (8, 16, 32, 64)

model = dict(
    type='mmpose_ext.ForegroundSegmentor',
    data_preprocessor=dict(
        type='mmpose_ext.MeshDataPreprocessor',
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
    ),
    backbone=dict(
        type='HRNet',
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=(1,),
                num_channels=(8,),
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block='BASIC',
                num_blocks=(1, 1),
                num_channels=_channels[:2],
            ),
            stage3=dict(
                num_modules=1,
                num_branches=3,
                block='BASIC',
                num_blocks=(1, 1, 1),
                num_channels=_channels[:3],
            ),
            stage4=dict(
                num_modules=1,
                num_branches=4,
                block='BASIC',
                num_blocks=(1, 1, 1, 1),
                num_channels=_channels,
                multiscale_output=True,
            ),
            upsample=dict(mode='bilinear', align_corners=False),
        ),
    ),
    head=dict(
        type='mmpose_ext.OCRHead',
        in_channels=_channels,
        channels=32,
        key_channels=16,
    ),
    loss=dict(type='mmpose_ext.SoftIoULoss', class_weight=(0.5, 1.0)),
)

# Foreground segmentor: HRNetV2-W48, all four maps, with object-contextual representations.
input_size = 520
_channels = (48, 96, 192, 384)

model = dict(
    type='mmpose_ext.ForegroundSegmentor',
    data_preprocessor=dict(
        type='mmpose_ext.MeshDataPreprocessor',
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
    ),
    backbone=dict(
        type='HRNet',
        # SyncBN needs GPUs; where there are none it becomes plain batch norm.
        norm_cfg=dict(type='SyncBN', requires_grad=True),
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=(4,),
                num_channels=(64,),
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block='BASIC',
                num_blocks=(4, 4),
                num_channels=_channels[:2],
            ),
            stage3=dict(
                num_modules=4,
                num_branches=3,
                block='BASIC',
                num_blocks=(4, 4, 4),
                num_channels=_channels[:3],
            ),
            stage4=dict(
                num_modules=3,
                num_branches=4,
                block='BASIC',
                num_blocks=(4, 4, 4, 4),
                num_channels=_channels,
                # By default a HRNet gives only its finest map.
                multiscale_output=True,
            ),
            upsample=dict(mode='bilinear', align_corners=False),
        ),
        init_cfg=dict(type='Pretrained', checkpoint='open-mmlab://msra/hrnetv2_w48'),
    ),
    head=dict(
        type='mmpose_ext.OCRHead',
        in_channels=_channels,
        channels=512,
        key_channels=256,
        norm_cfg=dict(type='SyncBN', requires_grad=True),
    ),
    # The foreground counts twice; the reverse makes outlines ragged.
    loss=dict(type='mmpose_ext.SoftIoULoss', class_weight=(0.5, 1.0)),
)

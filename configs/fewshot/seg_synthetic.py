# VIBE with the foreground branch on generated videos, sized for a CPU.
#     python tools/train.py configs/fewshot/segmentor_synthetic.py
#     tools/dist_train.sh configs/fewshot/seg_synthetic.py 2
_base_ = 'vibe_synthetic.py'

model = dict(
    segmentor=dict(
        type='mmpose_ext.FrozenSegmentor',
        config='fewshot/segmentor_synthetic.py',
        checkpoint='work_dirs/segmentor_synthetic/epoch_1.pth',
    ),
    mask_encoder=dict(
        type='mmpose_ext.MaskFeatureEncoder',
        backbone=dict(type='ResNet', depth=18, base_channels=8, in_channels=1),
        in_channels=64,
        out_channels=512,
    ),
    fusion='hadamard',
)

crop, pack = _base_.pipeline
load_images = dict(
    type='mmpose_ext.LoadClipImages', input_size=96, backend_args=_base_.backend_args
)
pipeline = [crop, load_images, pack]
train_dataloader = dict(
    num_workers=1,
    batch_size=4,
    dataset=dict(data_prefix=dict(img='mpi_inf_3dhp/'), pipeline=pipeline),
)
train_cfg = dict(
    extra_dataloaders=dict(
        kp2d=dict(
            num_workers=1,
            batch_size=3,
            dataset=dict(data_prefix=dict(img='Penn_Action/frames/'), pipeline=pipeline),
        )
    )
)
val_dataloader = dict(num_workers=1, dataset=dict(pipeline=pipeline))
test_dataloader = dict(num_workers=1, dataset=dict(pipeline=pipeline))

# VIBE with the foreground branch: a frozen segmentor says where the person is, an encoder of its
# map scales the features of the frame. Images are read beside the features.
#     tools/dist_train.sh configs/fewshot/segmentor_hrnet_w48_ocr.py 4
#     tools/dist_train.sh configs/fewshot_seg.py 2
_base_ = 'fewshot_vibe.py'

model = dict(
    segmentor=dict(
        type='mmpose_ext.FrozenSegmentor',
        config='fewshot/segmentor_hrnet_w48_ocr.py',
        checkpoint='work_dirs/segmentor_hrnet_w48_ocr/epoch_12.pth',
        # What it was trained on.
        input_size=520,
    ),
    mask_encoder=dict(
        type='mmpose_ext.MaskFeatureEncoder',
        backbone=dict(
            type='ResNet',
            depth=50,
            in_channels=1,
            init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
        ),
    ),
    fusion='hadamard',
)

crop, pack = _base_.pipeline
load_images = dict(
    type='mmpose_ext.LoadClipImages', input_size=224, backend_args=_base_.backend_args
)
pipeline = [crop, load_images, pack]
train_dataloader = dict(
    num_workers=8, dataset=dict(data_prefix=dict(img='mpi_inf_3dhp/'), pipeline=pipeline)
)
train_cfg = dict(
    extra_dataloaders=dict(
        kp2d=dict(
            num_workers=8,
            dataset=dict(data_prefix=dict(img='Penn_Action/frames/'), pipeline=pipeline),
        )
    )
)
val_dataloader = dict(num_workers=8, dataset=dict(pipeline=pipeline))
test_dataloader = dict(num_workers=8, dataset=dict(pipeline=pipeline))

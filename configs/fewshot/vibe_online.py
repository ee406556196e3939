# VIBE on images: SPIN's frozen network makes the features in every step, and nothing is stored.
_base_ = '../fewshot_vibe.py'

model = dict(
    backbone=dict(
        type='mmpose_ext.PooledBackbone',
        backbone=dict(type='ResNet', depth=50),
        frozen=True,
        init_cfg=dict(
            type='Pretrained', prefix='backbone.', checkpoint='checkpoints/spin_resnet50.pth'
        ),
    )
)

crop, pack = _base_.pipeline
load_images = dict(
    type='mmpose_ext.LoadClipImages', input_size=224, backend_args=_base_.backend_args
)
images = dict(feature_file=None, pipeline=[crop, load_images, pack])
train_dataloader = dict(
    num_workers=8, dataset=dict(data_prefix=dict(img='mpi_inf_3dhp/'), **images)
)
train_cfg = dict(
    extra_dataloaders=dict(
        kp2d=dict(
            num_workers=8, dataset=dict(data_prefix=dict(img='Penn_Action/frames/'), **images)
        )
    )
)
val_dataloader = dict(num_workers=8, dataset=images)
test_dataloader = dict(num_workers=8, dataset=images)

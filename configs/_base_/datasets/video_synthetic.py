# The same datasets, generated, with features of fewshot/image_hmr_synthetic.py.
_base_ = 'video_3dhp_penn_3dpw.py'

data_root = 'data/synthetic_video/'
body_model = 'standin'

clips = dict(
    data_root=data_root,
    feature_backbone='image_hmr_synthetic',
    feature_channels=512,
    body_model=body_model,
)
# Clips with features are read faster than processes hand them over.
train_dataloader = dict(batch_size=8, num_workers=0, dataset=clips)
train_cfg = dict(
    extra_dataloaders=dict(
        kp2d=dict(batch_size=6, num_workers=0, dataset=clips),
        motion=dict(num_workers=0, dataset=dict(data_root=data_root)),
    )
)
val_dataloader = dict(num_workers=0, dataset=clips)
test_dataloader = dict(num_workers=0, dataset=clips)
val_evaluator = dict(body_model=body_model)
test_evaluator = val_evaluator

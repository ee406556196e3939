# COCO and MPII for training; COCO, MPII and Halpe for testing, all in one run. Pipelines belong
# to the input size and are added by the config that chooses the model.
dataset_type = 'mmpose_ext.UnionDataset'
# MMPoseInferencer reads it.
data_mode = 'topdown'
data_root = 'data/'

coco = dict(type='CocoDataset', data_root=data_root + 'coco/', data_mode='topdown')
mpii = dict(type='MpiiDataset', data_root=data_root + 'mpii/', data_mode='topdown')
coco_val = dict(
    coco,
    ann_file='annotations/person_keypoints_val2017.json',
    data_prefix=dict(img='val2017/'),
    bbox_file=data_root + 'coco/person_detection_results/'
    'COCO_val2017_detections_AP_H_56_person.json',
)
mpii_val = dict(
    mpii,
    ann_file='annotations/mpii_val.json',
    headbox_file=data_root + 'mpii/annotations/mpii_gt_val.mat',
    data_prefix=dict(img='images/'),
)

# MPII's box is a square of the person's height. Grown to the input's 3:4 it would show the person
# at three quarters of the size that COCO's people have, and that the MPII teacher is used to; with
# `tall`, the canvas around the student's window is just the teacher's own square.
mpii_box = 'tall'

# COCO has about seven times as many persons as MPII; three to one gives MPII's joints more weight
# without showing its images too often.
source_ratios = dict(coco=3, mpii=1)

train_dataloader = dict(
    batch_size=128,
    num_workers=10,
    # New workers each epoch, seeded from the main process: a resumed training repeats exactly.
    persistent_workers=False,
    worker_init_fn=dict(type='mmpose_ext.seed_worker'),
    collate_fn=dict(type='mmpose_ext.packed_collate'),
    drop_last=True,
    sampler=dict(type='mmpose_ext.SourceRatioSampler', batch_size=128, ratios=source_ratios),
    dataset=dict(
        type=dataset_type,
        skeleton='union21',
        sources=dict(
            coco=dict(
                skeleton='coco17',
                dataset=dict(
                    coco,
                    ann_file='annotations/person_keypoints_train2017.json',
                    data_prefix=dict(img='train2017/'),
                ),
            ),
            # MPII counts pixels from 1.
            mpii=dict(
                skeleton='mpii16',
                one_based=True,
                box=mpii_box,
                dataset=dict(
                    mpii, ann_file='annotations/mpii_train.json', data_prefix=dict(img='images/')
                ),
            ),
        ),
    ),
)

evaluation_loader = dict(
    batch_size=64,
    num_workers=10,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
)
val_sources = dict(
    coco=dict(skeleton='coco17', dataset=coco_val),
    mpii=dict(skeleton='mpii16', box=mpii_box, dataset=mpii_val),
)
# Halpe's validation people are those of COCO's images; their own boxes are used.
halpe_val = dict(
    skeleton='halpe136',
    derive=True,
    dataset=dict(
        type='HalpeDataset',
        data_root=data_root,
        data_mode='topdown',
        ann_file='halpe/annotations/halpe_val_v1.json',
        data_prefix=dict(img='coco/val2017/'),
    ),
)
val_dataloader = dict(
    evaluation_loader,
    dataset=dict(type=dataset_type, skeleton='union21', test_mode=True, sources=val_sources),
)
test_dataloader = dict(
    evaluation_loader,
    dataset=dict(
        type=dataset_type,
        skeleton='union21',
        test_mode=True,
        sources=dict(val_sources, halpe=halpe_val),
    ),
)

coco_metric = dict(
    type='mmpose_ext.UnionCocoMetric',
    target='coco17',
    ann_file=data_root + 'coco/annotations/person_keypoints_val2017.json',
    # What else the numbers depend on; printed with them.
    protocol=dict(flip_test=True, boxes='of a detector (AP_H_56)'),
)
mpii_metric = dict(
    type='mmpose_ext.UnionMpiiMetric',
    protocol=dict(flip_test=True, boxes='center and scale of the annotation'),
)
halpe_metric = dict(
    type='mmpose_ext.UnionCocoMetric',
    annotated='halpe136',
    target='union21',
    ann_file=data_root + 'halpe/annotations/halpe_val_v1.json',
    protocol=dict(flip_test=True, boxes='of the annotation'),
)

# `avg/coco_mpii` is the paper's "Avg"; a model is charged for joints that it does not predict.
# `avg/shared12` compares models of any skeleton on the joints they all have.
averages = dict(
    coco_mpii=['coco/AP', 'mpii/PCK'], shared12=['coco_shared12/AP', 'mpii_shared12/PCK']
)
val_metrics = dict(
    coco=dict(source='coco', metric=coco_metric),
    mpii=dict(source='mpii', metric=mpii_metric),
    coco_shared12=dict(source='coco', metric=dict(coco_metric, joints='shared12')),
    mpii_shared12=dict(source='mpii', metric=dict(mpii_metric, joints='shared12')),
)
val_evaluator = dict(
    type='mmpose_ext.SourceRoutedEvaluator',
    skeleton='union21',
    metrics=val_metrics,
    averages=averages,
)
test_evaluator = dict(
    type='mmpose_ext.SourceRoutedEvaluator',
    skeleton='union21',
    metrics=dict(
        val_metrics,
        # Halpe's own sigmas, and those of MMPose's 26-keypoint set.
        halpe=dict(source='halpe', metric=dict(halpe_metric, sigmas='halpe136')),
        halpe_sigmas26=dict(source='halpe', metric=dict(halpe_metric, sigmas='halpe26')),
        # The joints that COCO does not have.
        halpe_new=dict(source='halpe', metric=dict(halpe_metric, sigmas='halpe136', joints='new')),
    ),
    averages=averages,
)

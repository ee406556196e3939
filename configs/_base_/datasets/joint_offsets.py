# Data sets that label joints which COCO or MPII lack, and what is measured on them. Boxes are those
# of the annotations, since detected ones come without labels. Data lie where MMPose's own configs
# look for them.
crowdpose_ann_file = 'data/crowdpose/annotations/mmpose_crowdpose_test.json'
aic_ann_file = 'data/aic/annotations/aic_val.json'
offset_protocol = dict(flip_test=True, boxes='of the annotation')

new_joint_sources = dict(
    crowdpose=dict(
        skeleton='crowdpose14',
        dataset=dict(
            type='CrowdPoseDataset',
            data_mode='topdown',
            ann_file=crowdpose_ann_file,
            data_prefix=dict(img='data/crowdpose/images/'),
        ),
    ),
    aic=dict(
        skeleton='aic14',
        dataset=dict(
            type='AicDataset',
            data_mode='topdown',
            ann_file=aic_ann_file,
            data_prefix=dict(
                img='data/aic/ai_challenger_keypoint_validation_20170911/'
                'keypoint_validation_images_20170911/'
            ),
        ),
    ),
    posetrack18=dict(
        skeleton='posetrack18',
        dataset=dict(
            type='PoseTrack18Dataset',
            data_mode='topdown',
            ann_file='data/posetrack18/annotations/posetrack18_val.json',
            data_prefix=dict(img='data/posetrack18/'),
        ),
    ),
)

offset_metric = dict(type='mmpose_ext.JointOffsetMetric', absent='drop', protocol=offset_protocol)
ap_metric = dict(
    type='mmpose_ext.UnionCocoMetric', absent='drop', use_area=False, protocol=offset_protocol
)
crowdpose_ap_metric = dict(
    ap_metric, target='crowdpose14', ann_file=crowdpose_ann_file, iou_type='keypoints_crowd'
)
aic_offset_metric = dict(offset_metric, target='aic14', joints='new')
new_joint_metrics = dict(
    crowdpose_new=dict(
        source='crowdpose', metric=dict(offset_metric, target='crowdpose14', joints='new')
    ),
    # AIC's neck is neither MPII's upper neck nor its thorax; the offsets say which is nearer.
    aic_new=dict(source='aic', metric=dict(aic_offset_metric, aliases=dict(neck='upper_neck'))),
    aic_neck_as_thorax=dict(
        source='aic',
        metric=dict(aic_offset_metric, joints=['neck'], aliases=dict(neck='thorax')),
    ),
    # Nose and ears are new to MPII, the head's top and bottom to COCO.
    posetrack18_new=dict(
        source='posetrack18',
        metric=dict(
            offset_metric,
            target='posetrack18',
            joints=['nose', 'left_ear', 'right_ear', 'head_bottom', 'head_top'],
        ),
    ),
    # No average precision on PoseTrack18, whose own evaluation is another.
    crowdpose=dict(source='crowdpose', metric=crowdpose_ap_metric),
    crowdpose_new_ap=dict(source='crowdpose', metric=dict(crowdpose_ap_metric, joints='new')),
    aic=dict(source='aic', metric=dict(ap_metric, target='aic14', ann_file=aic_ann_file)),
)

# Shares of the longer side of COCO's tight box, and of MPII's square of 200 x scale.
shared_joint_metrics = dict(
    coco_shared12=dict(
        source='coco', metric=dict(offset_metric, target='coco17', joints='shared12')
    ),
    mpii_shared12=dict(
        source='mpii',
        metric=dict(offset_metric, target='mpii16', joints='shared12', one_based=True),
    ),
)

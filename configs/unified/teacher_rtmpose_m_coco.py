# The COCO teacher: RTMPose-m as MMPose trains and publishes it.
_base_ = 'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-m_8xb256-420e_coco-256x192.py'

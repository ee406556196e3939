# The MPII teacher: RTMPose-m as MMPose trains and publishes it.
_base_ = 'mmpose::body_2d_keypoint/rtmpose/mpii/rtmpose-m_8xb64-210e_mpii-256x256.py'

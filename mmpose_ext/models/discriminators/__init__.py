from mmpose_ext.models.discriminators.motion_discriminator import MotionDiscriminator

__all__ = ['MotionDiscriminator']

from mmpose_ext.models.necks.finest_level_neck import FinestLevelNeck

__all__ = ['FinestLevelNeck']

from mmpose_ext.models.necks.finest_level_neck import FinestLevelNeck
from mmpose_ext.models.necks.tcmr_encoder import TCMREncoder
from mmpose_ext.models.necks.temporal_gru_encoder import TemporalGRUEncoder

__all__ = [
    'FinestLevelNeck',
    'TCMREncoder',
    'TemporalGRUEncoder',
]

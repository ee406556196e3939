from mmpose_ext.models.pose_estimators.mesh_estimator import MeshEstimator

__all__ = ['MeshEstimator']

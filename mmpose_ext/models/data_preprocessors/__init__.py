from mmpose_ext.models.data_preprocessors.mesh_data_preprocessor import MeshDataPreprocessor

__all__ = ['MeshDataPreprocessor']

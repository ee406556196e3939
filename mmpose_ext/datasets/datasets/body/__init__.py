from .union_dataset import UnionDataset
from .union_source import UnionSource

__all__ = ['UnionDataset', 'UnionSource']

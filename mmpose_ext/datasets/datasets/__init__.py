from .body import UnionDataset

__all__ = ['UnionDataset']

"""Training loops."""

from mmpose_ext.engine.loops.multi_source_iter_train_loop import MultiSourceIterTrainLoop

__all__ = ['MultiSourceIterTrainLoop']

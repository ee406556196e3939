"""The one name that ``mmengine.hub`` expects at this place."""

import importlib

from mmengine.registry import DefaultScope


def register_all_modules(init_default_scope: bool = True) -> None:
    """Register everything; ``mmengine.hub.get_model`` calls this.

    Args:
        init_default_scope: Whether bare names in configs are MMPose's from now on.
    """
    for name in ('datasets', 'engine', 'evaluation', 'models', 'visualization'):
        importlib.import_module(f'mmpose_ext.{name}')
    if init_default_scope:
        DefaultScope.get_instance('mmpose_ext', scope_name='mmpose')

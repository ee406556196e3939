"""Registries of ``mmpose_ext``: child nodes of MMPose's, for ``type='mmpose_ext.X'`` in configs.

The nodes hang below MMPose's own (not below MMEngine's root) because a bare MMPose name inside a
``_scope_='mmpose_ext'`` dict is looked up in the parent only. ``locations`` lets MMEngine import
the sub-packages by itself: a config works without ``custom_imports``.
"""

from mmengine.registry import FUNCTIONS as MMENGINE_FUNCTIONS
from mmengine.registry import Registry
from mmpose import registry as mmpose_registry

_SCOPE = 'mmpose_ext'


def _child(name: str, parent: Registry, package: str) -> Registry:
    return Registry(name, parent=parent, scope=_SCOPE, locations=[f'mmpose_ext.{package}'])


DATASETS = _child('dataset', mmpose_registry.DATASETS, 'datasets')
TRANSFORMS = _child('transform', mmpose_registry.TRANSFORMS, 'datasets')
DATA_SAMPLERS = _child('data sampler', mmpose_registry.DATA_SAMPLERS, 'datasets')
FUNCTIONS = _child('function', MMENGINE_FUNCTIONS, 'datasets')
MODELS = _child('model', mmpose_registry.MODELS, 'models')
WEIGHT_INITIALIZERS = _child('weight initializer', mmpose_registry.WEIGHT_INITIALIZERS, 'models')
KEYPOINT_CODECS = _child('keypoint codec', mmpose_registry.KEYPOINT_CODECS, 'codecs')
METRICS = _child('metric', mmpose_registry.METRICS, 'evaluation')
EVALUATORS = _child('evaluator', mmpose_registry.EVALUATORS, 'evaluation')
OPTIM_WRAPPERS = _child('optimizer wrapper', mmpose_registry.OPTIM_WRAPPERS, 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(
    'optimizer wrapper constructor', mmpose_registry.OPTIM_WRAPPER_CONSTRUCTORS, 'engine'
)
HOOKS = _child('hook', mmpose_registry.HOOKS, 'engine')
LOOPS = _child('loop', mmpose_registry.LOOPS, 'engine')
VISUALIZERS = _child('visualizer', mmpose_registry.VISUALIZERS, 'visualization')
INFERENCERS = _child('inferencer', mmpose_registry.INFERENCERS, 'apis')

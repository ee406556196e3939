from .coarse_dropout import CoarseDropout
from .generate_simcc_target import GenerateSimCCTarget
from .load_encoded_image import LoadEncodedImage
from .pack_union_inputs import PackUnionInputs
from .random_blur import RandomBlur
from .random_box_transform import RandomBoxTransform
from .random_hsv import RandomHSV
from .random_mirror import RandomMirror
from .topdown_affine_canvas import TopdownAffineCanvas

__all__ = [
    'CoarseDropout',
    'GenerateSimCCTarget',
    'LoadEncodedImage',
    'PackUnionInputs',
    'RandomBlur',
    'RandomBoxTransform',
    'RandomHSV',
    'RandomMirror',
    'TopdownAffineCanvas',
]

from torch import Tensor

# Means of ImageNet in blue, green, red, as the VGG16 of Caffe subtracts them from 0..255.
_CAFFE_MEAN_BGR = (104.00698793, 116.66876762, 122.67891434)
# Means and deviations of red, green, blue in 0..1.
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)


def caffe_normalize(images: Tensor, preprocessing: str) -> Tensor:
    """Prepare images for a VGG16 that comes from Caffe.

    Args:
        images: RGB images ``(B, 3, H, W)`` in 0..1.
        preprocessing: ``'trained'`` for blue, green, red in 0..255 minus the means; ``'published'``
            leaves the channels as red, green, blue and subtracts the same three numbers.
    """
    if preprocessing == 'trained':
        images = images.flip(1)
    return images * 255 - images.new_tensor(_CAFFE_MEAN_BGR).view(3, 1, 1)


def imagenet_normalize(images: Tensor) -> Tensor:
    """Prepare images for a network that comes from torchvision.

    Args:
        images: RGB images ``(B, 3, H, W)``, or grey ones ``(B, 1, H, W)``, in 0..1.
    """
    mean, std = (images.new_tensor(v).view(3, 1, 1) for v in (_IMAGENET_MEAN, _IMAGENET_STD))
    return (images - mean) / std

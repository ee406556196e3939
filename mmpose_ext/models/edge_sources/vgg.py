from torch import nn

# Output channels of the convolutions of each stage of VGG16.
VGG16_STAGES = ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3)


def vgg16_stage(stage: int) -> nn.Sequential:
    """One stage of VGG16, from the pooling before it (but for the first) to its last ReLU.

    Put one after the other, the stages have the layers of torchvision's ``vgg16().features`` at
    the same positions.

    Args:
        stage: Its number, 0 to 4.
    """
    layers: list[nn.Module] = [nn.MaxPool2d(2)] if stage else []
    before = VGG16_STAGES[stage - 1][-1] if stage else 3
    for channels in VGG16_STAGES[stage]:
        layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
        before = channels
    return nn.Sequential(*layers)

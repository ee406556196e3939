from torch import Tensor, nn


def check_clip_features(module: nn.Module, features: Tensor, channels: int) -> None:
    """Refuse features of another network than a module was made for.

    Args:
        module: Whose input they are, for the message.
        features: Should be ``(B, T, channels)``.
        channels: Their width.

    Raises:
        ValueError: If they have another shape.
    """
    if features.ndim != 3 or features.shape[-1] != channels:
        raise ValueError(
            f'{type(module).__name__} got features of shape {tuple(features.shape)}, expected '
            f'(B, T, {channels}): is in_channels that of the backbone or of the feature file?'
        )

"""What draws the edge maps that are kept as files."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any

import numpy as np


class EdgeDrawer(ABC):
    """Draws the edges of an image. It is sent to worker processes, so it holds nothing large.

    Attributes:
        needs_people: Whether the maps depend on the fitted bodies of the samples.
        binary: Whether the maps have no values but zero and one.
    """

    needs_people: bool
    binary: bool

    @abstractmethod
    def settings(self, genders: Collection[str]) -> dict[str, Any]:
        """All but the images and people that the maps depend on, ``kind`` first.

        Args:
            genders: Of all people of the dataset.

        Returns:
            Plain data, for the manifest.
        """

    @abstractmethod
    def draw(self, sample: dict[str, Any]) -> np.ndarray:
        """Draw the map of an image.

        Args:
            sample: ``img_path``, and ``persons`` if they are needed, as read by
                :class:`~mmpose_ext.datasets.transforms.LoadEncodedImage`.

        Returns:
            Edge map ``(H, W)`` float32 in [0, 1], of the image's size.
        """

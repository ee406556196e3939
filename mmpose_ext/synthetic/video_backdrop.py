"""A place that stays where it is while the camera moves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from .background import FLOORS
from .background_places import OPEN_PLACES, PLACES
from .background_textures import choose, make_tile, warp_tile
from .background_things import draw_distractor
from .scene_style import Style
from .video_cameras import Viewpoint

# Size of the drawn surroundings relative to the image.
_WIDER, _HIGHER = 4, 2


@dataclass(frozen=True)
class Backdrop:
    """Surroundings at a great distance, and a floor of tiles.

    Args:
        picture: The surroundings, (H, W, 3) uint8 BGR.
        view: The camera that they are drawn for, in the midst of the video.
        far: Distance in metres where the floor ends.
        tile: Texture of the floor.
        tile_metres: Size of a tile.
    """

    picture: np.ndarray
    view: Viewpoint
    far: float
    tile: np.ndarray
    tile_metres: float

    @classmethod
    def sample(
        cls, views: Sequence[Viewpoint], style: Style, rng: np.random.Generator
    ) -> 'Backdrop':
        """Draw a place for a video whose camera takes these views."""
        middle = views[len(views) // 2]
        lens = middle.lens
        width, height = _WIDER * lens.width, _HIGHER * lens.height
        wide = replace(lens, width=width, height=height, cx=(width - 1) / 2, cy=(height - 1) / 2)
        ahead = middle.rotation[2]
        view = Viewpoint.at(middle.position, middle.position + ahead, wide)
        place = choose(style.places, rng)
        far = rng.uniform(25, 120) if place in OPEN_PLACES else rng.uniform(8, 14)
        row = view.ground.row_at(far, wide)
        picture = np.zeros((height, width, 3), np.uint8)
        PLACES[place](picture, row, rng)
        for _ in range(int(rng.integers(0, 6))):
            draw_distractor(picture, rng)
        if 0 < row < height:
            picture[row:] = picture[row - 1]
        tile = make_tile(*_with_rng(FLOORS[place](rng), rng))
        return cls(picture, view, far, tile, rng.uniform(1.5, 5))

    def seen_from(self, view: Viewpoint) -> tuple[np.ndarray, int]:
        """What a camera sees of it.

        Args:
            view: The camera.

        Returns:
            The image, (H, W, 3) uint8 BGR, and the row where the floor begins.
        """
        lens, ground = view.lens, view.ground
        turn = self.view.rotation @ view.rotation.T
        to_picture = self.view.lens.matrix @ turn @ np.linalg.inv(lens.matrix)
        image = cv2.warpPerspective(
            self.picture,
            to_picture,
            (lens.width, lens.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )
        row = ground.row_at(self.far, lens)
        if row < lens.height:
            from_row = np.array([[1, 0, 0], [0, 1, -row], [0, 0, 1.0]])
            to_image = from_row @ ground.homography(lens, 1) @ self._tiles_to_floor(view)
            image[row:] = warp_tile(self.tile, to_image, lens.height - row, lens.width)
        return image, row

    def _tiles_to_floor(self, view: Viewpoint) -> np.ndarray:
        """Map pixels of the tiles, which lie still in the world, to what :class:`Ground` counts."""
        axes = np.stack([view.rotation.T @ axis for axis in view.ground.axes()])
        flat = axes[:, [0, 2]]
        shift = -flat @ view.position[[0, 2]]
        metres = self.tile_metres / self.tile.shape[0]
        return np.array([*np.column_stack([flat, shift]), [0, 0, 1]]) @ np.diag([metres, metres, 1])


def _with_rng(floor: tuple, rng: np.random.Generator) -> tuple:
    kind, colour, other = floor
    return kind, rng, colour, other

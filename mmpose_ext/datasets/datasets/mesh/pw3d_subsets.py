"""The subsets of 3DPW (von Marcard et al., ECCV 2018) that methods are evaluated on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SPLITS = ('train', 'validation', 'test')

_OCCLUDED = (
    *('courtyard_backpack', 'courtyard_basketball', 'courtyard_bodyScannerMotions'),
    *('courtyard_box', 'courtyard_golf', 'courtyard_jacket', 'courtyard_laceShoe'),
    *('downtown_stairs', 'flat_guitar', 'flat_packBags', 'outdoors_climbing'),
    *('outdoors_crosscountry', 'outdoors_fencing', 'outdoors_freestyle', 'outdoors_golf'),
    *('outdoors_parcours', 'outdoors_slalom'),
)


@dataclass(frozen=True)
class PW3DSubset:
    """A choice of sequences and frames.

    Args:
        splits: Files it is taken from.
        stems: Sequences by name without their number (``_00``); empty for all.
        sequences: Sequences by full name, each with its first frame and the one after its last, or
            None for the whole sequence; empty for all.
    """

    splits: tuple[str, ...]
    stems: frozenset[str] = frozenset()
    sequences: Mapping[str, tuple[int, int] | None] = field(default_factory=dict)

    def contains(self, sequence: str, frame: int) -> bool:
        """Whether a frame belongs to the subset."""
        if self.stems:
            return sequence[:-3] in self.stems
        if not self.sequences:
            return True
        if sequence not in self.sequences:
            return False
        limits = self.sequences[sequence]
        return limits is None or limits[0] <= frame < limits[1]


#: ``occ`` is 3DPW-OCC (Zhang et al., "Object-Occluded Human Shape and Pose Estimation from a Single
#: Color Image", CVPR 2020), ``pc`` 3DPW-PC with the frames of ROMP (Sun et al., ICCV 2021), whose
#: code takes the last number as the first frame outside, ``crowd`` 3DPW-Crowd (3DCrowdNet), and
#: ``sefd_release`` what SEFD's published configs call OCC, which is neither ``occ`` nor ``pc``.
SUBSETS = dict(
    **{split: PW3DSubset((split,)) for split in SPLITS},
    occ=PW3DSubset(SPLITS, stems=frozenset(_OCCLUDED)),
    pc=PW3DSubset(
        SPLITS,
        sequences={
            'courtyard_basketball_00': (200, 280),
            'courtyard_captureSelfies_00': (500, 600),
            'courtyard_dancing_00': (60, 370),
            'courtyard_dancing_01': (60, 270),
            'courtyard_hug_00': (100, 500),
            'downtown_bus_00': (1620, 1900),
        },
    ),
    crowd=PW3DSubset(
        ('validation',),
        sequences=dict.fromkeys(('courtyard_hug_00', 'courtyard_dancing_00')),
    ),
    sefd_release=PW3DSubset(
        ('validation', 'test'),
        sequences=dict.fromkeys(
            (
                *('courtyard_hug_00', 'courtyard_dancing_00', 'downtown_bar_00'),
                *('downtown_car_00', 'downtown_weeklyMarket_00'),
            )
        ),
    ),
)

"""Who can tell a source's persons where a joint is, from best to worst.

A tier belongs to a source and a joint, not to one person: a joint that COCO annotates stays
``LABELLED`` for every COCO person, and whether this one has it visible is in the sample's
visibilities.
"""

NONE = 0
TEACHER = 1
DERIVED = 2
LABELLED = 3

TIER_NAMES = {NONE: 'nobody', TEACHER: 'teacher', DERIVED: 'derived', LABELLED: 'labelled'}

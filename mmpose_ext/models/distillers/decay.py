import math
from collections.abc import Callable

from mmengine.logging import MessageHub

DECAYS: dict[str, Callable[[float], float]] = {
    'none': lambda progress: 1.0,
    'linear': lambda progress: 1.0 - progress,
    'cosine': lambda progress: 0.5 * (1.0 + math.cos(math.pi * progress)),
}


def training_progress() -> float:
    """Share of the iterations that the running MMEngine ``Runner`` has done, from 0 to 1.

    It is a function of the iteration number, which a resumed run continues with.

    Raises:
        ValueError: If no training is running.
    """
    hub = MessageHub.get_current_instance()
    iteration, total = hub.get_info('iter'), hub.get_info('max_iters')
    if iteration is None or not total:
        raise ValueError(
            f'the iteration got {iteration!r} of {total!r}, expected both from a running MMEngine '
            "Runner; outside one, use decay='none' or set the model's `progress`"
        )
    return min(iteration / total, 1.0)

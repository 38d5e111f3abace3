# SPDX-License-Identifier: MIT
"""Time that a part may take. Every process of the kit is started with a limit that comes from here, so that nothing
outlasts its part, and no part the whole run."""

import time


class OutOfTime(Exception):
    """The time of this part is used up: what it has so far is its result."""


class Budget:
    """So many seconds from now on."""

    def __init__(self, seconds, clock=time.monotonic):
        self._clock = clock
        self._until = clock() + seconds

    def left(self):
        """Seconds left, 0 at the least."""
        return max(0.0, self._until - self._clock())

    def limit(self, seconds, least=1.0):
        """How long a process may take that wants `seconds`; OutOfTime when less than `least` is left."""
        left = self.left()
        if left < least:
            raise OutOfTime("no time left")
        return min(seconds, left)

    def share(self, weight, weights, least=0.0):
        """A budget of its own for one of several that still have to run: its share of what is left, or `least` seconds
        if that is more and there is as much."""
        left = self.left()
        return Budget(min(left, max(least, left * weight / sum(weights))), self._clock)

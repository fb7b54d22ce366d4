"""Is it worth trying again, and when?

`retry_after` of an `UnavailableError` answers: at once, when the server asked for it, or in an
hour. An hour is longer than `retrying` waits, so a wrong password is told without delay.
"""

from datetime import timedelta

SOON = timedelta(0)  # it may work in a moment
STUCK = timedelta(hours=1)  # it will not work before somebody changes something

"""Who sits at the desk of a test? Colleagues who joined by their links, each with a browser."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from desk_people import Colleagues
from houses import Home


@pytest.fixture
def colleagues(home: Home) -> Iterator[Colleagues]:
    """A founded house whose owner is about to come in."""
    with ExitStack() as stack:
        yield Colleagues(home, stack)


@pytest.fixture
def any_colleagues(any_home: Home) -> Iterator[Colleagues]:
    """The same on each engine."""
    with ExitStack() as stack:
        yield Colleagues(any_home, stack)

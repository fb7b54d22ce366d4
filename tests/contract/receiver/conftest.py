"""One keeper for a module, with two clients."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from receiver_yard import Login, Yard, yard


class Keeping(NamedTuple):
    """A keeper that serves, and two who bring copies."""

    yard: Yard
    ann: Login
    bob: Login


@pytest.fixture(scope="module")
def keeping(tmp_path_factory) -> Iterator[Keeping]:
    """A keeper at work, with room for a GiB of Ann's and 1 MiB of Bob's."""
    made = yard(tmp_path_factory.mktemp("keeper"))
    ann, bob = made.client("ann"), made.client("bob", str(1 / 1024))
    with made.served("--keeper", "Closet"):
        for login in (ann, bob):
            with made.http(login) as http:
                assert http.post(f"/{login.name}/?create=true").status_code == 200
        yield Keeping(made, ann, bob)

"""What does every test of the terminal stand on? A house founded by `kept init`, once a module."""

import pytest

from terminal import Shop, founded


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    """A house that the tests of a module share; each brings its own people."""
    return founded(tmp_path_factory.mktemp("house"))


@pytest.fixture
def own_shop(tmp_path) -> Shop:
    """A house that one test may spoil."""
    return founded(tmp_path)

"""Is a key read strictly, and does narrowing its scope never allow more?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError
from kept.base.ids import KeyId
from kept.staff.model.keys import Capability, KeyScope, PresentedKey, hash_secret, key_text

SECRET = bytes(range(32))
TEXT = f"kept_{'a' * 26}_aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq"
WORDS = st.frozensets(st.sampled_from("abcd"))
SCOPES = st.builds(KeyScope, st.frozensets(st.sampled_from(list(Capability))), WORDS, WORDS)


def test_the_text_of_a_key() -> None:
    """Known bytes give the text that `base32 | tr A-Z a-z` gives."""
    assert key_text(KeyId(bytes(16)), SECRET) == TEXT


def test_a_key_is_read_back() -> None:
    """Id and hash of the secret's text; the secret itself is not kept and not shown."""
    presented = PresentedKey.parse(TEXT)
    assert presented.id == KeyId(bytes(16))
    assert presented.fits(hash_secret(TEXT[-52:]))
    assert not presented.fits(bytes(32))
    assert TEXT[-52:] not in repr(presented)


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        TEXT + "a",
        TEXT + "\n",
        TEXT.upper(),
        TEXT.replace("kept_", "Kept_"),
        TEXT.replace("_", "-"),
        TEXT[:-1] + "b",  # bits that no 32 bytes have
        "kept_" + "a" * 25 + "b" + TEXT[31:],
        TEXT.replace("a", "1", 1),
        " " + TEXT,
    ],
)
def test_no_other_text_is_a_key(text: str) -> None:
    """One spelling for each key."""
    with pytest.raises(MalformedError):
        PresentedKey.parse(text)


def test_a_key_does_what_all_three_of_its_bounds_allow() -> None:
    """Capability, purpose and categories; each alone refuses."""
    scope = KeyScope(
        frozenset({Capability.READ}), frozenset({"answer"}), frozenset({"contact", "orders"})
    )
    contact = frozenset({"contact"})
    assert scope.allows(Capability.READ, purpose="answer", categories=contact)
    assert not scope.allows(Capability.WRITE, purpose="answer", categories=contact)
    assert not scope.allows(Capability.READ, purpose="marketing", categories=contact)
    assert not scope.allows(Capability.READ, purpose="answer", categories=contact | {"delivery"})


@given(
    scope=SCOPES,
    gone=st.sampled_from("abcd"),
    lost=st.sampled_from(list(Capability)),
    capability=st.sampled_from(list(Capability)),
    purpose=st.sampled_from("abcd"),
    categories=WORDS,
)
def test_narrowing_a_scope_never_allows_more(
    scope: KeyScope,
    gone: str,
    lost: Capability,
    capability: Capability,
    purpose: str,
    categories: frozenset[str],
) -> None:
    """Whatever a narrower key may, the wider one might."""
    for less in (
        KeyScope(scope.capabilities - {lost}, scope.purposes, scope.categories),
        KeyScope(scope.capabilities, scope.purposes - {gone}, scope.categories),
        KeyScope(scope.capabilities, scope.purposes, scope.categories - {gone}),
    ):
        if less.allows(capability, purpose=purpose, categories=categories):
            assert scope.allows(capability, purpose=purpose, categories=categories)

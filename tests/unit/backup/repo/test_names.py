r"""Does every name come back, and is it spelt as Go spells it?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.repo.names import json_string, quote, unquote
from kept.base.errors import MalformedError

# Spelt by Go 1.19's strconv.Quote; tests/outside/test_restic_trees.py lets restic spell more.
QUOTED = [
    (b"plain name.txt", "plain name.txt"),
    (b'"', '\\"'),
    (b"\\", "\\\\"),
    (b"'", "'"),
    (b"\a\b\f\n\r\t\v", "\\a\\b\\f\\n\\r\\t\\v"),
    (b"\x01\x1f\x7f", "\\x01\\x1f\\x7f"),
    (b"caf\xe9", "caf\\xe9"),
    ("café".encode(), "café"),
    ("файл".encode(), "файл"),
    (b"\xff\xfe", "\\xff\\xfe"),
    (b"\xe2\x28\xa1", "\\xe2(\\xa1"),  # a sequence that breaks off: each byte for itself
    (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),  # a surrogate is no character
    (b"\xc0\xaf", "\\xc0\\xaf"),  # an overlong slash neither
    (b"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"),  # beyond Unicode
    ("\u00a0".encode(), "\\u00a0"),  # of all spaces only the ASCII one prints
    ("\u00ad\u200b\ufeff".encode(), "\\u00ad\\u200b\\ufeff"),
    ("\u0085".encode(), "\\u0085"),
    ("\u2028\u2029".encode(), "\\u2028\\u2029"),
    ("\ufffd".encode(), "\ufffd"),  # itself a character that prints
    ("\ue000".encode(), "\\ue000"),
    ("\U000e0001".encode(), "\\U000e0001"),
    ("😀".encode(), "😀"),
]


@pytest.mark.parametrize(("raw", "text"), QUOTED)
def test_a_name_is_quoted_as_go_does(raw: bytes, text: str):
    """Each kind of character has the one spelling that Go gives it."""
    assert quote(raw) == text
    assert unquote(text, "name") == raw


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("\\101\\377\\000", b"A\xff\0"),
        ("\\x41\\xFF", b"A\xff"),
        ("\\u0041\\u00e9", "Aé".encode()),
        ("\\U0001f600", "😀".encode()),
        ("tab\there", b"tab\there"),
        ("", b""),
    ],
)
def test_spellings_that_go_reads_but_never_writes(text: str, raw: bytes):
    """Octal, upper-case hex and needless escapes are read as Go reads them."""
    assert unquote(text, "name") == raw


@pytest.mark.parametrize(
    "text",
    [
        '"',
        'a"b',
        "a\nb",
        "\\",
        "a\\",
        "\\'",
        "\\q",
        "\\N{DASH}",
        "\\x4",
        "\\x4g",
        "\\u004",
        "\\ud800",
        "\\udfff",
        "\\U00110000",
        "\\Uffffffff",
        "\\40",
        "\\400",
        "\\777",
        "\\\n",
        "\ud800",
    ],
)
def test_what_go_refuses_is_refused(text: str):
    """A name that no Go program could have written never becomes bytes."""
    with pytest.raises(MalformedError):
        unquote(text, "name")


@given(st.binary())
def test_quoting_comes_back(raw: bytes):
    """Any bytes at all survive, and their quoted text holds nothing that would end it."""
    text = quote(raw)
    assert unquote(text, "name") == raw
    assert text.encode("utf-8").decode("utf-8") == text
    assert all(char.isprintable() for char in text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_go_json_is_json(text: str):
    """What is escaped for Go means the same text to any reader of JSON."""
    import json

    spelt = json_string(text)
    assert json.loads(spelt) == text
    assert not set("<>&\u2028\u2029") & set(spelt)


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("<a>&b", '"\\u003ca\\u003e\\u0026b"'),
        ("\u2028\u2029", '"\\u2028\\u2029"'),
        ("\n\r\t\b\f", '"\\n\\r\\t\\b\\f"'),
        ("\x00\x1f\x7f", '"\\u0000\\u001f\x7f"'),
        ('"\\/', '"\\"\\\\/"'),
        ("é\ufffd", '"é\ufffd"'),
        ("\udcff", '"\\ufffd"'),
    ],
)
def test_go_json_spellings(text: str, spelt: str):
    """The escapes are those of encoding/json, in its letters."""
    assert json_string(text) == spelt

r"""How are bytes written as text, so that restic reads the same bytes back?

1. A name goes through Go's `strconv.Quote`, without its outer quotes: `"` and `\` escaped, what is
   not UTF-8 as `\xNN`, what does not print as `\n`, `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
2. Text goes into JSON as Go's `encoding/json` does it (since Go 1.22, which writes `\b` and `\f`):
   `<`, `>`, `&`, U+2028 and U+2029 as `\uNNNN`, a byte that is not UTF-8 as `\ufffd`.

"Prints" is Unicode's letters, marks, numbers, punctuation and symbols. Go and Python may know
different Unicode versions; then the same name has two spellings, and either program reads both.
Source: Go's packages `strconv` and `encoding/json`; restic design document, "Trees and Data".
"""

import re

from kept.base.errors import MalformedError

_NOT_PLAIN_JSON = re.compile('["\\\\<>&\x00-\x1f\u2028\u2029\ud800-\udfff]')
_JSON_SHORT = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_QUOTE_SHORT = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
_UNQUOTE_SHORT = {spelt[1].encode(): char.encode() for char, spelt in _QUOTE_SHORT.items()}
_ESCAPE = re.compile(
    rb"\\(?:([abfnrtv\\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))"
)
_STOP = re.compile(rb"[\\\"\n]")


def quote(raw: bytes) -> str:
    """Go's `strconv.Quote` of a name, without the outer quotes; the text is always UTF-8."""
    text = raw.decode("utf-8", "surrogateescape")  # a stray byte NN becomes U+DCNN
    if text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return "".join([_quoted(char) for char in text])


def _quoted(char: str) -> str:
    if (short := _QUOTE_SHORT.get(char)) is not None:
        return short
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unquote(text: str, where: str) -> bytes:
    r"""Go's `strconv.Unquote` of `"` + text + `"`. Hostile input.

    Raises:
        MalformedError: a bare `"` or line feed, an unknown or unfinished escape, `\'`, a code
            point beyond Unicode or a surrogate, or text that is not UTF-8.
    """
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedError(where, "holds a lone surrogate") from None
    if b"\\" not in raw and b'"' not in raw and b"\n" not in raw:
        return raw
    pieces: list[bytes] = []
    at = 0
    while (stop := _next_stop(raw, at)) is not None:
        pieces.append(raw[at:stop])
        escape = _ESCAPE.match(raw, stop)
        if escape is None:
            raise MalformedError(where, "not a name as Go quotes it")
        pieces.append(_meant(escape, where))
        at = escape.end()
    pieces.append(raw[at:])
    return b"".join(pieces)


def _next_stop(raw: bytes, at: int) -> int | None:
    found = _STOP.search(raw, at)
    return None if found is None else found.start()


def _meant(escape: re.Match[bytes], where: str) -> bytes:
    short, byte, four, eight, octal = escape.groups()
    if short is not None:
        return _UNQUOTE_SHORT[short]
    if byte is not None:
        return bytes([int(byte, 16)])
    if octal is not None:
        if int(octal, 8) > 0xFF:
            raise MalformedError(where, "an octal escape beyond one byte")
        return bytes([int(octal, 8)])
    code = int(four or eight, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise MalformedError(where, "an escape beyond Unicode")
    return chr(code).encode("utf-8")


def json_string(text: str) -> str:
    """A JSON string with its quotes, as Go writes it; U+DC80 to U+DCFF stand for stray bytes."""
    if _NOT_PLAIN_JSON.search(text) is None:
        return f'"{text}"'
    return f'"{_NOT_PLAIN_JSON.sub(_json_escaped, text)}"'


def _json_escaped(found: re.Match[str]) -> str:
    char = found[0]
    if (short := _JSON_SHORT.get(char)) is not None:
        return short
    code = ord(char)
    return "\\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"

"""What did a browser send? Fields of a form as plain text, bounded, never trusted."""

from typing import Any

from litestar.params import URLEncodedBody

Form = URLEncodedBody[dict[str, Any]]  # how a handler asks for it: an argument named `data`
LONGEST = 4_000  # characters of one field


def text(form: dict[str, Any], key: str, *, most: int = LONGEST) -> str:
    """One field without its outer spaces; "" where it is missing or came twice."""
    value = form.get(key, "")
    return value.strip()[:most] if isinstance(value, str) else ""


def secret(form: dict[str, Any], key: str) -> str:
    """One field exactly as typed."""
    value = form.get(key, "")
    return value if isinstance(value, str) else ""


def many(form: dict[str, Any], key: str) -> list[str]:
    """Every value of a field that may come several times."""
    value = form.get(key, [])
    values: list[object] = list(value) if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownArgumentType]
    return [one for one in values if isinstance(one, str) and one]


def whole(form: dict[str, Any], key: str) -> int | None:
    """A whole number of a few digits, None for anything else."""
    value = text(form, key, most=9)
    return int(value) if value.isascii() and value.isdigit() else None

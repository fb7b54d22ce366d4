"""How does a spreadsheet cell stay text?

A cell that begins with `= + - @`, tab or carriage return is run as a formula by spreadsheets
(CWE-1236). What Kept writes for them gets a leading apostrophe; what Kept reads is text and is
never evaluated, and loses the apostrophe that Kept put there. `unguard(guard(x)) == x` for every x.
"""

_RISKY = frozenset("=+-@\t\r")


def guard(cell: str) -> str:
    """The cell as it may stand in a file that a spreadsheet opens."""
    return "'" + cell if _is_risky(cell) else cell


def unguard(cell: str) -> str:
    """The cell as it was before `guard`; any other text unchanged."""
    return cell[1:] if cell[:1] == "'" and _is_risky(cell[1:]) else cell


def _is_risky(cell: str) -> bool:
    return cell.lstrip("'")[:1] in _RISKY

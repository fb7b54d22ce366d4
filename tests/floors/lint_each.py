"""Which contracts does each of many small violations break?

Run with a copy of the package first on PYTHONPATH. Reads {row: {file: lines}} as JSON, adds each
row's lines to the copy, lints, takes them away again; prints {row: [broken contracts]}. One process
and one cache for all rows: only the changed files are read again.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

from importlinter.application import use_cases
from importlinter.configuration import configure

configure()


def broken(config: str, cache: str) -> list[str]:
    """The names of the contracts the tree breaks now."""
    options = use_cases.read_user_options(config)
    use_cases._register_contract_types(options)
    with contextlib.redirect_stdout(io.StringIO()):
        report = use_cases.create_report(options, cache_dir=cache)
    return [c.name for c, check in report.get_contracts_and_checks() if not check.kept]


def with_row(root: Path, files: dict[str, str]) -> dict[Path, bytes | None]:
    """Write one row; give back what stood there."""
    before: dict[Path, bytes | None] = {}
    for name, lines in files.items():
        path = root / name
        for missing in (path, *path.parents):
            if missing == root:
                break
            init = missing / "__init__.py"
            if missing.suffix == "" and not init.exists():
                missing.mkdir(exist_ok=True, parents=True)
                before[init] = None
                init.write_text("", encoding="utf-8")
        before[path] = path.read_bytes() if path.exists() else None
        path.write_text((before[path] or b"").decode() + "\n" + lines + "\n", encoding="utf-8")
    return before


def main() -> None:
    """Lint every row on its own."""
    root, config, cache = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    found: dict[str, list[str]] = {}
    for row, files in json.load(sys.stdin).items():
        before = with_row(root, files)
        try:
            found[row] = broken(config, cache)
        finally:
            for path, content in reversed(before.items()):
                if content is None:
                    path.unlink(missing_ok=True)
                else:
                    path.write_bytes(content)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

"""How does each step of an import look? Upload, what was found, how far, what became of it."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kept.flows.import_people import Preview
from kept.promises.model.words import span
from kept.vault.acts.intake import DONE, RUNNING, Run, recent_runs, refused_rows
from kept.vault.model.rows import RefusedRow
from kept.vault.model.rules import Basis, Lang, Role, Text
from kept.vault.model.survey import Format
from kept.web import forms
from kept.web.routes.desk.shell import Page, Shell
from kept.web.uploads import Upload

BASES: dict[Basis, Text] = {
    Basis.CONSENT: Text("They said yes", "Они согласились"),
    Basis.CONTRACT: Text("They ordered from us", "Они у нас заказывали"),
    Basis.LEGAL_OBLIGATION: Text("The law demands it", "Этого требует закон"),
    Basis.VITAL_INTERESTS: Text("It protects somebody's life", "Это защищает чью-то жизнь"),
    Basis.PUBLIC_TASK: Text("A public task", "Общественная задача"),
    Basis.LEGITIMATE_INTERESTS: Text(
        "A fair interest of ours that they expect", "Наш честный интерес, которого они ждут"
    ),
}
SIGNS: dict[str, Text] = {
    ",": Text("comma", "запятая"),
    ";": Text("semicolon", "точка с запятой"),
    "\t": Text("tab", "табуляция"),
    "|": Text("bar", "вертикальная черта"),
}
HEADING = Text("with a heading", "с заголовком")
NO_HEADING = Text("no heading", "без заголовка")
JSON_LINES = Text("one JSON object a line", "по объекту JSON в строке")
ROWS = Text("up to {n} rows", "строк: до {n}")
SO_FAR = Text("rows done", "строк готово")
TOOK = Text("It took {time}.", "Заняло {time}.")
AT_ONCE = Text("It took less than a second.", "Заняло меньше секунды.")
CAN_GO_ON = Text("{read} rows are done; it can go on.", "Готово строк: {read}; можно продолжить.")
AGAIN = Text(
    "{read} rows are done. Choose the same file again: it goes on from there.",
    "Готово строк: {read}. Выберите тот же файл ещё раз, и загрузка продолжится.",
)
QUIET = timedelta(minutes=2)  # an import that has not moved for so long was cut off
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins so


@dataclass(frozen=True, slots=True)
class Taken:
    """An import, the file it is made from, or both."""

    run: Run | None
    upload: Upload | None

    @property
    def is_over(self) -> bool:
        """Whether all of it is in."""
        return self.run is not None and self.run.state == DONE


def _page(shell: Shell, step: str, *, problem: str = "", status: int = 200, **context: Any) -> Page:  # noqa: ANN401  # template values
    empty: dict[str, Any] = {
        "preview": None,
        "fields": [],
        "purposes": [],
        "bases": [],
        "chosen": {"purpose": "", "basis": "", "source": ""},
        "job": None,
        "report": None,
        "unfinished": [],
    }
    return shell.page(
        "desk_import.html",
        "people",
        http_status=status,
        step=step,
        problem=problem,
        **{**empty, **context},
    )


def upload_page(shell: Shell, *, problem: str = "", status: int = 200) -> Page:
    """Choose a file; imports that were cut off stand above."""
    runs = shell.parts.db.read(recent_runs)
    now = shell.parts.clock.now()
    unfinished = [
        _unfinished(shell, run)
        for run in runs
        if run.state == RUNNING and (shell.parts.uploads.of_run(run.id) or is_cut_off(run, now))
    ]
    return _page(shell, "upload", problem=problem, status=status, unfinished=unfinished)


def is_cut_off(run: Run, now: datetime) -> bool:
    """Whether an import stands still; one that moves is at work somewhere."""
    return run.state == RUNNING and now - run.changed_at > QUIET


def _unfinished(shell: Shell, run: Run) -> dict[str, object]:
    held = shell.parts.uploads.of_run(run.id)
    text = CAN_GO_ON if held else AGAIN
    return {
        "id": run.id,
        "file_name": run.name,
        "text": text.get(shell.lang).format(read=run.read),
        "is_here": held is not None,
        "is_running": held is not None and held.is_running,
    }


def preview_page(
    shell: Shell, upload: Upload, seen: Preview, *, problem: str, data: dict[str, Any]
) -> Page:
    """What was found, to be corrected."""
    lang, rules = shell.lang, shell.parts.vault.rules
    defaults = rules.import_defaults
    return _page(
        shell,
        "preview",
        problem=problem,
        status=422 if problem else 200,
        preview={
            "id": upload.id,
            "file_name": upload.name,
            "rows_text": ROWS.get(lang).format(n=seen.survey.lines),
            "found_text": _found(seen, lang),
            "columns": [
                {
                    "n": n,
                    "name": view.column,
                    "samples": [text for text in view.examples if text][:3],
                    "field": forms.text(data, f"map-{n}") if data else view.field or "",
                }
                for n, view in enumerate(seen.columns.columns)
            ],
        },
        fields=[
            {"key": key, "label": f"{category.label.get(lang)}: {field.label.get(lang)}"}
            for key, (category, field) in rules.fields().items()
        ],
        purposes=[
            {"key": p.key, "label": p.label.get(lang)}
            for p in rules.purposes.values()
            if Role.SELF not in p.roles
        ],
        bases=[{"key": one.value, "label": text.get(lang)} for one, text in BASES.items()],
        chosen={
            "purpose": forms.text(data, "purpose") or defaults.purpose,
            "basis": forms.text(data, "basis") or defaults.basis.value,
            "source": forms.text(data, "source"),  # an origin is told, never filled in
        },
    )


def _found(seen: Preview, lang: Lang) -> str:
    survey = seen.survey
    if survey.format is Format.JSONL:
        return JSON_LINES.get(lang)
    sign = SIGNS.get(survey.delimiter)
    heading = HEADING if survey.has_heading else NO_HEADING
    parts = [sign.get(lang) if sign else survey.delimiter, survey.encoding.value]
    return ", ".join([*parts, heading.get(lang)])


def job_of(taken: Taken, lang: Lang, *, path_id: str) -> dict[str, object]:
    """How far an import is."""
    run = taken.run
    done = run.read if run else 0
    return {
        "id": path_id,
        "done": done,
        "total": max(run.total, done) if run else 0,
        "text": SO_FAR.get(lang),
        "running": taken.upload is not None and taken.upload.is_running,
    }


def progress_page(shell: Shell, taken: Taken) -> Page:
    """On its way."""
    path_id = taken.upload.id if taken.upload else taken.run.id if taken.run else ""
    return _page(shell, "progress", job=job_of(taken, shell.lang, path_id=path_id))


def report_page(shell: Shell, taken: Taken) -> Page:
    """What became of it."""
    run, lang = taken.run, shell.lang
    if run is None:
        return upload_page(shell)
    rows = shell.parts.db.read(lambda tx: refused_rows(tx, run))
    reasons = Counter(row.sentence(lang) for row in rows)
    return _page(
        shell,
        "report",
        report={
            "read": run.read,
            "added": run.added,
            "merged": run.merged,
            "refused": run.refused,
            "refused_url": f"/desk/import/{run.id}/refused" if rows else "",
            "took_text": _took(run.changed_at - run.started_at, lang),
            "reasons": [{"why": why, "n": n} for why, n in reasons.most_common()],
        },
    )


def _took(length: timedelta, lang: Lang) -> str:
    if length < timedelta(seconds=1):
        return AT_ONCE.get(lang)
    return TOOK.get(lang).format(time=span(length).get(lang))


def refused_text(rows: list[RefusedRow], lang: Lang) -> str:
    """Numbers and reasons of refused rows; no cell can run as a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["line", "column", "code", "reason"])
    for row in rows:
        cells = [str(row.number), row.column or "", row.code, row.sentence(lang)]
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
    return out.getvalue()

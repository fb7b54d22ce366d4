"""What does the API promise? Every endpoint is a value; the OpenAPI page and the routes come of it.

So a status, a header or a body cannot be served without being declared, nor the other way round.
Source: OpenAPI 3.1.0; RFC 9457.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.response.base import ASGIResponse

from kept.staff.model.keys import Capability
from kept.vault.model.rules import Basis, Rules
from kept.web.problems import PROBLEM_TYPE
from kept.web.routes.api.call import Call
from kept.web.routes.api.shapes import ProblemDocument

JSON = "application/json"
NDJSON = "application/x-ndjson"
SCHEMA_REF = "#/components/schemas/{name}"

PROBLEMS = {
    400: "The request cannot be read.",
    401: "No live API key came with the request.",
    403: "The key, the book or the person says no; `code` tells which.",
    404: "There is nothing here, or not for this key.",
    409: "The state moved on, or the Idempotency-Key was used for another request.",
    412: "Another revision stands there by now.",
    413: "The body is larger than 2 MiB. Nothing was recorded.",
    422: "The request can be read and does not fit; `errors` tells where.",
    428: "If-Match is missing.",
    429: "More requests than this key may make; Retry-After tells when to go on.",
    503: "Something is away; nothing was recorded. Retry-After tells when to try again.",
}
ALWAYS = (400, 401, 403, 422, 429, 503)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A header, or a part of the path or the query."""

    name: str
    where: str
    about: str
    schema: Mapping[str, Any]
    is_required: bool = False

    def document(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """As OpenAPI says it."""
        return {
            "name": self.name,
            "in": self.where,
            "description": self.about,
            "required": self.is_required or self.where == "path",
            "schema": dict(schema),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its body, and whether it carries an act, a revision, a wait."""

    about: str
    shape: Any = None
    media_type: str = JSON
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path. `can` is the capability a key needs, None for any live key."""

    method: str
    path: str
    name: str
    about: str
    can: Capability | None
    run: Callable[[Call], Awaitable[ASGIResponse]]
    answers: Mapping[int, Answer]
    body: Any = None
    body_type: str = JSON
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[int, ...] = ()
    is_streamed: bool = field(default=False)


_ID = {"type": "string", "pattern": "^[a-z2-7]{25}[aeimquy4]$"}
_KEY = {"type": "string", "minLength": 1, "maxLength": 64}
_WORDS = {"type": "string", "pattern": "^[ -~]{0,1200}$"}
PERSON = Parameter("id", "path", "The person.", _ID)
CATEGORY = Parameter("category", "path", "A category of the book.", _KEY)
PURPOSE = Parameter(
    "Kept-Purpose",
    "header",
    "Why: a purpose of the book. The person reads it.",
    {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"},
    is_required=True,
)
REF = Parameter(
    "Kept-Ref",
    "header",
    "The order, talk or case it is for, where the purpose needs one; UTF-8, percent-encoded.",
    _WORDS,
)
REASON = Parameter(
    "Kept-Reason",
    "header",
    "A reason in words, where the purpose needs one; UTF-8, percent-encoded.",
    _WORDS,
)
WHY = (PURPOSE, REF, REASON)
LEVEL = Parameter(
    "level",
    "query",
    "How much of each value to show.",
    {"type": "string", "enum": ["present", "masked", "full"], "default": "full"},
)
IF_MATCH = Parameter(
    "If-Match",
    "header",
    'The revision the change was made from, as in ETag; "0" where nothing is kept yet.',
    {"type": "string", "pattern": '^"[0-9]{1,15}"$'},
    is_required=True,
)
IDEMPOTENCY = Parameter(
    "Idempotency-Key",
    "header",
    "A name of the caller's for this request: sent again within 24 hours, it is answered as the"
    " first time and nothing is done twice.",
    {"type": "string", "pattern": "^[!-~]{1,200}$"},
)
HEADERS: dict[str, dict[str, Any]] = {
    "Kept-Act": {
        "description": "The acts that recorded this: numbers and ranges, as 7 or 7-12,15.",
        "schema": {"type": "string", "pattern": "^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$"},
    },
    "ETag": {"description": "The revision.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
}
_PROBLEM_HEADERS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def document(
    endpoints: Sequence[Endpoint], rules: Rules, *, version: str, url: str
) -> dict[str, Any]:
    """The OpenAPI page of a house: its own categories, fields and purposes stand in it."""
    shapes = _shapes(endpoints)
    refs, components = msgspec.json.schema_components(shapes, ref_template=SCHEMA_REF)
    known = {id(shape): ref for shape, ref in zip(shapes, refs, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, known, rules)
    _name_keys(components, rules)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kept",
            "version": version,
            "description": "People's data, opened for a purpose, with an act each.",
        },
        "servers": [{"url": f"{url}/api/v1"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "kept_<id>_<secret>",
                    "description": "A key that the owner issued for one service.",
                }
            },
        },
    }


def _shapes(endpoints: Sequence[Endpoint]) -> list[Any]:
    found: dict[int, Any] = {id(ProblemDocument): ProblemDocument}
    for one in endpoints:
        named = [one.body, *(answer.shape for answer in one.answers.values())]
        found.update({id(shape): shape for shape in named if isinstance(shape, type)})
    return list(found.values())


def _name_keys(components: dict[str, Any], rules: Rules) -> None:
    """Say which keys the book has, where a body names them."""
    fields, categories = sorted(rules.fields()), sorted(rules.categories)
    components["PersonOrder"]["properties"]["fields"]["propertyNames"] = {"enum": fields}
    components["Change"]["properties"]["values"]["propertyNames"] = {"enum": fields}
    components["BatchOrder"]["properties"]["categories"]["items"] = {"enum": categories}
    consented = [key for key, one in rules.purposes.items() if one.basis is Basis.CONSENT]
    components["ConsentOrder"]["properties"]["purpose"] = {"enum": sorted(consented)}
    components["PersonOrder"]["properties"]["purpose"]["anyOf"] = _purposes(rules)
    components["PersonOrder"]["properties"]["basis"]["anyOf"] = [
        {"type": "null"},
        {"enum": [basis.value for basis in Basis]},
    ]


def _purposes(rules: Rules) -> list[dict[str, Any]]:
    return [{"type": "null"}, {"enum": sorted(rules.purposes)}]


def _schema(parameter: Parameter, rules: Rules) -> Mapping[str, Any]:
    if parameter is CATEGORY:
        return {"type": "string", "enum": sorted(rules.categories)}
    if parameter is PURPOSE:
        return {"type": "string", "enum": sorted(rules.purposes)}
    return parameter.schema


def _operation(one: Endpoint, known: Mapping[int, Any], rules: Rules) -> dict[str, Any]:
    answers = {str(status): _answer(made, known) for status, made in one.answers.items()}
    for status in sorted({*ALWAYS, *one.problems}):
        answers[str(status)] = _problem(status, known)
    told: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.about,
        "parameters": [p.document(_schema(p, rules)) for p in one.parameters],
        "responses": answers,
    }
    if one.can is not None:
        told["description"] = f"For keys that can `{one.can}`."
    if one.body is not None:
        schema = known[id(one.body)] if isinstance(one.body, type) else one.body
        told["requestBody"] = {"required": True, "content": {one.body_type: {"schema": schema}}}
    return told


def _answer(made: Answer, known: Mapping[int, Any]) -> dict[str, Any]:
    schema = known[id(made.shape)] if isinstance(made.shape, type) else made.shape
    return {
        "description": made.about,
        "headers": {name: HEADERS[name] for name in made.headers},
        "content": {made.media_type: {"schema": schema}},
    }


def _problem(status: int, known: Mapping[int, Any]) -> dict[str, Any]:
    headers = {
        name: {**HEADERS[name], "required": True} for name in _PROBLEM_HEADERS.get(status, ())
    }
    return {
        "description": PROBLEMS[status],
        "headers": headers,
        "content": {PROBLEM_TYPE: {"schema": known[id(ProblemDocument)]}},
    }

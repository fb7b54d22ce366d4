"""Does the API do what its OpenAPI page says, whatever is sent to it?"""

import json
from itertools import count
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from houses import HOME, TINA, Home
from kept.web.routes.api.routes import ENDPOINTS
from services import issued

load_all_checks()
NAMED: Any = CHECKS
WATCHED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "ignored_auth",
    "unsupported_method",
)
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
EXAMPLES = 15  # of each endpoint


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx: schemathesis.SerializationContext, value: object) -> bytes:
    """Text as it is; anything else as one line of JSON."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def hammer(operation: Any, *, mode: Any, person: str, key: str) -> None:
    """Send many requests to one endpoint; every second one is about somebody who is here."""
    turn = count()

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
    def attempt(case: Any) -> None:
        watched = set(WATCHED)
        if "id" in case.path_parameters and next(turn) % 2:
            case.path_parameters["id"] = person
            watched.discard("negative_data_rejection")  # the bad part may have been the id
        case.headers = {**dict(case.headers or {}), "Authorization": f"Bearer {key}"}
        if operation.path.endswith("/import"):
            watched.discard("negative_data_rejection")  # a list is any text; its rows are refused
        if mode is schemathesis.GenerationMode.NEGATIVE:
            watched.discard("ignored_auth")  # the bad key was overwritten with a good one
        case.call_and_validate(checks=NAMED.get_by_names(sorted(watched)))

    attempt()


def test_nothing_contradicts_the_page(home: Home) -> None:
    """Hostile and proper requests of every endpoint are answered as declared, never by a 5xx."""
    person = str(home.add(contact=TINA, delivery=HOME).person)
    key = issued(home).text
    schema: Any = schemathesis.openapi.from_asgi("/api/v1/openapi.json", home.app())
    seen: set[str] = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in MODES:
            hammer(operation, mode=mode, person=person, key=key)
        seen.add(operation.definition.raw["operationId"])
    assert seen == {endpoint.name for endpoint in ENDPOINTS}

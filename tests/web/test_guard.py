"""Do a page's headers stand on every answer, and is too much or foreign refused?"""

import pytest

from houses import Home

FORM = {"content-type": "application/x-www-form-urlencoded"}
FOREIGN = ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"})


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/healthz", {}, 200),
        ("GET", "/me/sign-in", {}, 200),
        ("GET", "/nothing-here", {}, 404),
        ("GET", "/static/none.js", {}, 404),
        ("DELETE", "/", {}, 405),
        ("GET", "/desk", {}, 303),
        ("POST", "/me/sign-in", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", "/api/v1/people/find", {}, 401),
    ],
)
def test_every_answer_says_the_policy(
    home: Home, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """Refusals and unknown paths too: no script from elsewhere, no frame, no sniffing, no cache."""
    with home.browser() as browser:
        answer = browser.request(method, path, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers", [*FOREIGN, {"Origin": "http://127.0.0.1.example.org:8700"}, {"Origin": "http://x"}]
)
def test_another_sites_form_does_nothing(home: Home, headers: dict[str, str]) -> None:
    """Neither from elsewhere, nor from a neighbour under the same domain, nor from a sandbox."""
    with home.browser() as browser:
        answer = browser.post("/me/sign-in", data={"address": "a@example.org"}, headers=headers)
    assert answer.status_code == 403
    assert home.read(lambda tx: tx.row("select count(*) from signin_ask")) == (0,)


def test_a_form_is_small(home: Home) -> None:
    """A form of a hundred thousand fields would hold up everybody while it is read."""
    with home.browser() as browser:
        answer = browser.post("/me/sign-in", content=b"a=b&" * 100_000, headers=FORM)
    assert answer.status_code == 413


def test_a_wrong_address_is_told_in_words(home: Home) -> None:
    """In the visitor's language, with a way back: to the desk from the desk."""
    with home.browser() as browser:
        english = browser.get("/no/such", headers={"accept-language": "en"})
        russian = browser.get("/desk/no-such", headers={"accept-language": "ru"})
    assert (english.status_code, russian.status_code) == (404, 404)
    assert "No page has this address." in english.text
    assert "Такой страницы нет." in russian.text
    assert "Not Found" not in english.text + russian.text
    assert 'class="btn" href="/desk"' in russian.text


def test_too_many_tries_are_told_in_russian(home: Home) -> None:
    """What to do next is said, and that nothing was lost."""
    russian = {"accept-language": "ru"}
    with home.browser() as browser:
        answers = (
            browser.post("/me/sign-in", data={"address": f"n{n}@example.org"}, headers=russian)
            for n in range(200)
        )
        answer = next(one for one in answers if one.status_code == 429)
    assert "Из вашей сети было слишком много попыток." in answer.text
    assert "Подождите несколько минут" in answer.text

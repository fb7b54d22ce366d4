"""How does a page come to be? One Jinja environment, one context every page shares.

Templates get values, never verbs; every text goes through the catalogue of the visitor's language.
Autoescape is on for everything.
"""

from functools import cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response
from litestar.enums import MediaType

from kept.base.texts import LANGUAGES, choose_language, day_text, moment_text, translations
from kept.web.assets import asset_version
from kept.web.parts import WebParts

LANG_COOKIE = "kept_lang"
LANG_COOKIE_S = 365 * 24 * 3600


@cache
def environment(lang: str) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=PackageLoader("kept.web", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    texts = translations(lang)
    made.install_gettext_callables(  # type: ignore[attr-defined]  # added by the i18n extension
        texts.gettext, texts.ngettext, newstyle=True
    )
    made.filters["day"] = partial(day_text, lang=lang)
    made.filters["moment"] = partial(moment_text, lang=lang)
    return made


def language_of(request: Request[Any, Any, Any], parts: WebParts) -> str:
    """The language this visitor reads."""
    return choose_language(
        request.query_params.get("lang"),
        request.cookies.get(LANG_COOKIE),
        request.headers.get("accept-language", "")[:500],
        parts.book.business.language,
    )


def render(template: str, lang: str, **context: Any) -> str:  # noqa: ANN401  # template values
    """A template as text."""
    return environment(lang).get_template(template).render(lang=lang, **context)


def page(
    request: Request[Any, Any, Any],
    parts: WebParts,
    template: str,
    /,
    *,
    http_status: int = 200,
    user: object = None,
    **context: Any,  # noqa: ANN401  # template values
) -> Response[str]:
    """A whole page. `user` is who is signed in, for the header."""
    lang = language_of(request, parts)
    text = render(
        template,
        lang,
        site=parts.book.business,
        path=request.url.path,
        demo=parts.is_demo,
        version=asset_version(),
        csrf="",  # forms are guarded by the browser's own word on where a request comes from
        user=user,
        **context,
    )
    answer = Response(text, media_type=MediaType.HTML, status_code=http_status)
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(
            LANG_COOKIE,
            lang,
            max_age=LANG_COOKIE_S,
            secure=parts.is_https,
            httponly=True,
            samesite="lax",
        )
    return answer

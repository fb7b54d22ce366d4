"""Which telephone number is this text?

libphonenumber decides. Its parser costs 40 µs, so the two spellings that fill customer lists
(`+49 151 …` and the national form with its trunk prefix) are first matched against the same
metadata by compiled patterns; whatever is not plainly one of them goes to the library. A test
compares both ways.

Source: ITU-T E.164; libphonenumber's metadata as shipped in `phonenumbers`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat

MAX_CHARS = 64
_TYPES = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)
_SEPARATORS = str.maketrans("", "", " -()./\u00a0\u2010\u2011\u2013")
_NEVER = r"(?!)"  # matches nothing
_ASCII_DIGITS = re.compile(r"\+?[0-9]{5,17}")


@dataclass(frozen=True, slots=True)
class _Plan:
    """One country's numbering, ready to match."""

    code: str
    main: bool  # the first region of its calling code
    general: re.Pattern[str]
    typed: re.Pattern[str]
    leading: re.Pattern[str]
    trunk: str  # "0" in Germany, "8" in Russia; "" where unusable without the library
    trunk_pattern: re.Pattern[str]
    abroad: re.Pattern[str]

    def holds(self, national: str) -> bool:
        """Is this a number in use here, written without the trunk prefix?"""
        return bool(
            self.general.fullmatch(national)
            and self.typed.fullmatch(national)
            and self.leading.match(national)
        )


def to_e164(text: str, *, region: str) -> str | None:
    """`+` and up to 15 digits, the extension dropped; None if it is no number in use.

    Args:
        text: hostile.
        region: ISO 3166-1 code whose national form is understood.
    """
    if len(text) > MAX_CHARS:
        return None
    digits = text.translate(_SEPARATORS)
    if _ASCII_DIGITS.fullmatch(digits):
        quick = _international(digits) if digits[0] == "+" else _national(digits, region)
        if quick is not None:
            return quick
    return _by_library(text, region)


def with_plus(text: str, *, region: str) -> str:
    """Put back the `+` that spreadsheets take from `+4915112345678`; any other text unchanged.

    libphonenumber reads 4915112345678 in Germany as a number of the town of Dörpen.
    """
    code = str(phonenumbers.country_code_for_region(region))
    if not (11 <= len(text) <= 15 and text.isdecimal() and text.startswith(code)):
        return text
    return "+" + text if to_e164("+" + text, region=region) else text


def _international(digits: str) -> str | None:
    for size in (1, 2, 3):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[1 : 1 + size]))
        if regions:
            plan = _plan(regions[0])
            national = digits[1 + size :]
            if plan is None or plan.trunk_pattern.match(national) or not plan.holds(national):
                return None
            return digits
    return None


def _national(digits: str, region: str) -> str | None:
    plan = _plan(region)
    if plan is None or not plan.main or not plan.trunk or not digits.startswith(plan.trunk):
        return None
    national = digits[len(plan.trunk) :]
    plain = not (
        plan.abroad.match(digits)
        or digits.startswith(plan.code)
        or plan.general.fullmatch(digits)
        or plan.trunk_pattern.match(national)
    )
    return f"+{plan.code}{national}" if plain and plan.holds(national) else None


def _by_library(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@lru_cache(maxsize=256)
def _plan(region: str) -> _Plan | None:
    """The region's plan, None where the library must decide."""
    data = PhoneMetadata.metadata_for_region(region, None)
    if data is None or data.country_code is None or data.national_prefix_transform_rule:
        return None
    general = data.general_desc.national_number_pattern if data.general_desc else None
    kinds = (getattr(data, kind) for kind in _TYPES)
    typed = [k.national_number_pattern for k in kinds if k and k.national_number_pattern]
    parsing = data.national_prefix_for_parsing
    trunk = data.national_prefix if data.national_prefix == parsing else None
    return _Plan(
        code=str(data.country_code),
        main=phonenumbers.COUNTRY_CODE_TO_REGION_CODE[data.country_code][0] == region,
        general=re.compile(general or _NEVER),
        typed=re.compile("|".join(f"(?:{pattern})" for pattern in typed) or _NEVER),
        leading=re.compile(data.leading_digits or ""),
        trunk=trunk or "",
        trunk_pattern=re.compile(parsing or _NEVER),
        abroad=re.compile(data.international_prefix or _NEVER),
    )

"""Do two spellings of one thing become one, and does nonsense stay as written?"""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.vault.model import phones
from kept.vault.model.body import date_of, day_of
from kept.vault.model.cells import guard, unguard
from kept.vault.model.normalise import as_text, normalise, tidy
from kept.vault.model.refusals import CODES
from kept.vault.model.rules import INDEXABLE, FieldKind

K = FieldKind


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("  Ada@Example.ORG ", "ada@example.org"),
        ("a.da+tea@Example.org", "a.da+tea@example.org"),
        ("ada@MÜLLER.example", "ada@xn--mller-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),  # IDNA 2008: not "strasse"
        ("ада@почта.рф", "ада@xn--80a1acny.xn--p1ai"),
        ("JOSE\u0301@example.org", "jos\u00e9@example.org"),
        ("x@xn--mller-kva.example", "x@xn--mller-kva.example"),
        ("o'hara@example.co.uk", "o'hara@example.co.uk"),
    ],
)
def test_email(written: str, expected: str) -> None:
    """An address has one form; its dots and tag are its own."""
    found = normalise(K.EMAIL, written, region="DE")
    assert found == (expected, expected.encode(), True, None)


@pytest.mark.parametrize(
    "written",
    [
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "ada@@example.org",
        "a b@example.org",
        ".ada@example.org",
        "ada.@example.org",
        "a..b@example.org",
        "ada@-example.org",
        "ada@example..org",
        "ada@1.2.3.4",
        "ada@xn--a.example",
        "ada@exa_mple.org",
        "Ada <ada@example.org>",
        "a@example.org;b@example.org",
        "=cmd|' /C calc'!A0",
        "x" * 65 + "@example.org",
        "a@" + "x." * 130 + "org",
        "ada@ex\u202eample.org",
    ],
)
def test_no_email(written: str) -> None:
    """What is no address is kept as written, found by nobody, and named."""
    assert normalise(K.EMAIL, written, region="DE") == (written, None, False, "email_invalid")


@pytest.mark.parametrize(
    ("written", "region", "expected"),
    [
        ("0151 1234 5678", "DE", "+4915112345678"),
        ("+49 (0) 151 12345678", "DE", "+4915112345678"),
        ("0049 151 12345678", "DE", "+4915112345678"),
        ("8 (916) 123-45-67", "RU", "+79161234567"),
        ("+7 916 123 45 67", "DE", "+79161234567"),
        ("(650) 253-0000 ext. 12", "US", "+16502530000"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+39 06 698 57777", "DE", "+390669857777"),
        ("4915112345678.0", "DE", "+4915112345678"),
        ("4915112345678", "DE", "+4915112345678"),
        ("79161234567", "RU", "+79161234567"),
        ("16502530000", "US", "+16502530000"),
    ],
)
def test_phone(written: str, region: str, expected: str) -> None:
    """A number in use becomes E.164, read in the house's region, without extension."""
    found = normalise(K.PHONE, written, region=region)
    assert found == (expected, expected.encode(), True, None)


def test_an_unknown_region_still_reads_international_numbers() -> None:
    """A misspelt region costs the national form only."""
    assert phones.to_e164("+4915112345678", region="XX") == "+4915112345678"
    assert phones.to_e164("015112345678", region="XX") is None


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("4.91512E+12", "phone_rounded"),
        ("4,91512E+12", "phone_rounded"),
        ("12", "phone_invalid"),
        ("call me", "phone_invalid"),
        ("=1+1", "phone_invalid"),
        ("+999 123456789", "phone_invalid"),
        ("1" * 65, "phone_invalid"),
    ],
)
def test_no_phone(written: str, problem: str) -> None:
    """A number that Excel rounded is told from one that never was."""
    assert normalise(K.PHONE, written, region="DE") == (written, None, False, problem)


PLUS = st.builds(
    "+{}{}".format,
    st.sampled_from([1, 7, 33, 39, 44, 49, 52, 54, 380, 375]),
    st.integers(1, 10**11),
)
LOCAL = st.builds("{}{}".format, st.sampled_from(["0", "8", "1", ""]), st.integers(1, 10**11))


@given(PLUS | LOCAL, st.sampled_from(["DE", "RU", "US", "GB", "KZ", "IT", "UA", "BR", "XX"]))
def test_quick_way_agrees_with_the_library(text: str, region: str) -> None:
    """Whatever the patterns decide, libphonenumber decides the same."""
    expected = None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_valid_number(number):
        expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert phones.to_e164(text, region=region) == expected


@pytest.mark.parametrize("region", ["DE", "RU", "US", "GB", "FR", "BR", "MX", "AR", "IT", "UA"])
def test_quick_way_agrees_on_real_shapes(region: str) -> None:
    """The library's own example numbers come out the same, abroad and at home."""
    for kind in phonenumbers.PhoneNumberType.values():
        number = phonenumbers.example_number_for_type(region, kind)
        if number is None or not phonenumbers.is_valid_number(number):
            continue
        expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        assert phones.to_e164(expected, region="DE") == expected
        again = phonenumbers.parse(national, region)
        assert phones.to_e164(national, region=region) == phonenumbers.format_number(
            again, phonenumbers.PhoneNumberFormat.E164
        )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (" ab 12\u00a034 ", "AB1234"),
        ("№\uff11\uff12-a", "NO12-A"),
        ("straße1", "STRASSE1"),
        ("A\u00b4", "Á"),
    ],
)
def test_numbers_of_orders_and_customers(written: str, expected: str) -> None:
    """NFKC, upper case, no spaces inside."""
    for kind in (K.ORDER_NO, K.CUSTOMER_NO):
        assert normalise(kind, written, region="DE") == (expected, expected.encode(), True, None)


@pytest.mark.parametrize(
    ("written", "problem"),
    [("1.23457E+12", "number_rounded"), ("000", "number_invalid"), ("#", "number_invalid")],
)
def test_numbers_that_would_merge_strangers(written: str, problem: str) -> None:
    """Zeros, signs and rounded numbers never become a key that many rows share."""
    assert normalise(K.CUSTOMER_NO, written, region="DE") == (written, None, False, problem)


@pytest.mark.parametrize("kind", [K.EMAIL, K.PHONE, K.CUSTOMER_NO, K.ORDER_NO, K.BIRTH_DATE])
@pytest.mark.parametrize("written", ["", "  ", "-", "N/A", "null", "НЕТ", "\ufeff"])
def test_placeholders_are_nothing(kind: FieldKind, written: str) -> None:
    """A cell that says "none" is empty, not a value."""
    assert normalise(kind, written, region="DE") == ("", None, True, None)


def test_a_town_called_na_is_a_town() -> None:
    """Placeholders of numbers may be names elsewhere."""
    assert normalise(K.TOWN, "Na", region="DE").value == "Na"
    assert normalise(K.FLAG, "нет", region="DE").value is False
    assert normalise(K.TEXT, "-", region="DE").value == "-"


@pytest.mark.parametrize(
    ("written", "region", "iso"),
    [
        ("1815-12-10", "DE", "1815-12-10"),
        ("2026-01-02T03:04:05Z", "DE", "2026-01-02"),
        ("2026-01-02 03:04", "DE", "2026-01-02"),
        ("10.12.1815", "DE", "1815-12-10"),
        ("1.2.2026 г.", "RU", "2026-02-01"),
        ("01/02/2026", "GB", "2026-02-01"),
        ("01/02/2026", "US", "2026-01-02"),
        ("31/12/2026", "US", "2026-12-31"),
        ("12/31/2026", "GB", "2026-12-31"),
        ("2026/3/4", "US", "2026-03-04"),
    ],
)
def test_dates(written: str, region: str, iso: str) -> None:
    """A date in any of the spellings becomes a day number."""
    found = normalise(K.BIRTH_DATE, written, region=region)
    assert isinstance(found.value, int)
    assert date_of(found.value).isoformat() == iso
    assert found.problem is None


@pytest.mark.parametrize("written", ["44927", "44927.5", "44927,25"])
def test_serial_dates_are_read_and_reported(written: str) -> None:
    """Excel's 44927 is 1 January 2023, and the report says that it was a number."""
    found = normalise(K.DATE, written, region="DE")
    assert isinstance(found.value, int)
    assert date_of(found.value).isoformat() == "2023-01-01"
    assert found.problem == "date_serial"


@pytest.mark.parametrize(
    "written", ["01.05.84", "30.02.2026", "2026-13-01", "9", "99999", "yesterday", "0000-01-01"]
)
def test_unclear_dates_stay_as_written(written: str) -> None:
    """No century and no month is guessed."""
    assert normalise(K.DATE, written, region="DE") == (written, None, False, "date_unclear")


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (K.NUMBER, "42", 42),
        (K.NUMBER, "-1 000", -1000),
        (K.NUMBER, "3,5", 3.5),
        (K.FLAG, "Да", True),
        (K.FLAG, "off", False),
        (K.NAME, " Ada \n  Lovelace ", "Ada Lovelace"),
        (K.ADDRESS, "Hauptstr. 1\n10115", "Hauptstr. 1\n10115"),
        (K.POSTCODE, "sw1a  1aa", "SW1A 1AA"),
        (K.TEXT, "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        (K.TEXT, "a\x1b[31mb\x00", "a[31mb"),
        (K.TEXT, "и\u0306", "й"),
    ],
)
def test_other_kinds(kind: FieldKind, written: str, value: object) -> None:
    """Typed values by kind; text is kept, formulas too, terminal escapes are not."""
    found = normalise(kind, written, region="DE")
    assert (found.value, type(found.value)) == (value, type(value))
    assert found.problem is None


@pytest.mark.parametrize(
    ("kind", "written", "problem"),
    [(K.NUMBER, "many", "not_a_number"), (K.FLAG, "perhaps", "not_yes_or_no")],
)
def test_other_kinds_as_written(kind: FieldKind, written: str, problem: str) -> None:
    """What fits no type stays text and is reported."""
    assert normalise(kind, written, region="DE") == (written, None, False, problem)


@given(st.sampled_from(FieldKind), st.text(max_size=80), st.sampled_from(["DE", "US", "XX"]))
def test_any_text_is_taken(kind: FieldKind, text: str, region: str) -> None:
    """No text breaks a normaliser; only indexable kinds have keys; every problem has a sentence."""
    found = normalise(kind, text, region=region)
    assert found.index_key is None or kind in INDEXABLE
    assert found.problem is None or found.problem in CODES
    if found.problem is None and isinstance(found.value, str) and found.value:
        assert normalise(kind, found.value, region=region) == found


@given(st.text())
def test_tidy_is_settled(text: str) -> None:
    """Tidying twice changes nothing more."""
    assert tidy(tidy(text)) == tidy(text)


def test_as_text() -> None:
    """Days and flags are written for people, in their language."""
    day = day_of(date_of(0))
    assert as_text(K.BIRTH_DATE, day, "en") == "1970-01-01"
    assert as_text(K.BIRTH_DATE, day, "ru") == "01.01.1970"
    assert as_text(K.DATE, "01.05.84", "en") == "01.05.84"
    assert as_text(K.FLAG, True, "ru") == "да"
    assert as_text(K.NUMBER, 3, "en") == "3"


@pytest.mark.parametrize("cell", ["=cmd", "+1", "-1", "@x", "\tx", "\rx", "'=x"])
def test_cells_that_would_run_are_guarded(cell: str) -> None:
    """A spreadsheet sees text where it would have run a formula."""
    assert guard(cell) == "'" + cell


@given(st.text(st.sampled_from("'=+-@\t\rax"), max_size=6))
def test_guarding_is_undone(cell: str) -> None:
    """Every cell comes back, also one that looked guarded before."""
    assert unguard(guard(cell)) == cell
    assert guard(cell)[:1] not in {"=", "+", "-", "@", "\t", "\r"}


def test_a_plain_apostrophe_stays() -> None:
    """Not every apostrophe is Kept's."""
    assert unguard("'s-Hertogenbosch") == "'s-Hertogenbosch"
    assert guard("'s-Hertogenbosch") == "'s-Hertogenbosch"

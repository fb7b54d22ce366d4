"""The book: the default one parses, and every mistake is refused by the name of its place."""

import tomllib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError
from kept.promises.model.book import parse_book
from kept.promises.model.default import default_book
from kept.promises.model.promise import Grade, Kind
from kept.promises.model.table import parse_duration
from kept.vault.model.rules import Basis, Level, Role

DEFAULT = default_book(name="Tea Shop", contact="owner@example.org", domain="shop.example")


def changed(old, new):
    """The default book with one place written otherwise."""
    assert old in DEFAULT, old
    return DEFAULT.replace(old, new, 1)


def test_default_book_holds_what_was_agreed():
    """Categories, fields, purposes and promises have their fixed ids and keys."""
    book = parse_book(DEFAULT)
    fields = {key: (c.key, f.id) for key, (c, f) in book.rules.fields().items()}
    assert fields == {
        "email": ("contact", 1),
        "phone": ("contact", 2),
        "name": ("contact", 3),
        "address": ("delivery", 20),
        "town": ("delivery", 21),
        "postcode": ("delivery", 22),
        "country": ("delivery", 23),
        "order_no": ("orders", 40),
        "customer_no": ("orders", 41),
        "last_order": ("orders", 42),
        "birth_date": ("profile", 60),
        "note": ("profile", 61),
    }
    assert [c.id for c in book.rules.categories.values()] == [0, 1, 2, 3]
    assert list(book.rules.purposes) == ["answer", "deliver", "marketing", "legal_claim", "account"]
    deliver = book.rules.purposes["deliver"]
    assert (deliver.basis, deliver.needs_ref) == (Basis.CONTRACT, False)
    assert deliver.categories == {"contact", "delivery", "orders"}
    assert Role.OPERATOR not in book.rules.purposes["marketing"].roles
    assert book.rules.purposes["legal_claim"].needs_reason
    assert book.business.domain == "shop.example"


def test_default_promises_are_those_with_a_pillar():
    """Those of first light and those of copies, each with its kind, grade and bound."""
    promises = parse_book(DEFAULT).promises
    assert {key: p.kind for key, p in promises.items()} == {
        "access.seen": Kind.ZERO,
        "use.purpose": Kind.ZERO,
        "erase.proof": Kind.CLOCK,
        "export.fast": Kind.CLOCK,
        "locked.rest": Kind.ZERO,
        "backup.daily": Kind.FRESH,
        "restore.drill": Kind.FRESH,
    }
    assert promises["erase.proof"].bound == timedelta(days=7)
    assert promises["export.fast"].grade == (Grade.MEASURED, Grade.CONFIRMED)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_default_book_speaks_one_language(language):
    """Comments of the other language are left out, and no marker is left in."""
    text = default_book(name="Чай", contact="a@b.example", language=language)
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert comments
    assert not [line for line in comments if line.startswith(("#en", "#ru"))]
    cyrillic = [any("а" <= c <= "я" for c in line) for line in comments]
    assert all(cyrillic) if language == "ru" else not any(cyrillic)
    assert " = @" not in text


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60))
def test_any_name_survives_the_default_book(name):
    """Quotes, backslashes and markers in a name come back as they were typed."""
    assert tomllib.loads(default_book(name=name, contact="a@b.example"))["business"]["name"] == name


@pytest.mark.parametrize("name", ["Tea\nShop", "Tea\x00", "\u202eTea"])
def test_unprintable_names_are_refused(name):
    """A name that could hide something in the file is refused."""
    with pytest.raises(MalformedError, match=r"business\.name"):
        default_book(name=name, contact="a@b.example")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('categories = ["contact"]', 'categories = ["contcat"]', "purpose.answer.categories"),
        ('basis = "contract"\ncat', "cat", "purpose.deliver.basis"),
        ('basis = "contract"\ncat', 'basis = "whim"\ncat', "purpose.deliver.basis"),
        ('roles = ["senior", "owner"]', 'roles = ["boss"]', "purpose.legal_claim.roles"),
        ("id = 21", "id = 20", "category.delivery.field.town.id"),
        ('id = 1\nen = "Where', 'id = 0\nen = "Where', "category.delivery.id"),
        ('id = 3\nen = "What', 'id = 63\nen = "What', "category.profile.id"),
        ("needs_reason = true", "needs_raeson = true", "purpose.legal_claim.needs_raeson"),
        ('kind = "birth_date"', 'kind = "birth_date"\nindexed = true',
         "category.profile.field.birth_date.indexed"),
        ('kind = "name"', 'kind = "nickname"', "category.contact.field.name.kind"),
        ('keep_for = "P365D"', 'keep_for = "P1Y"', "purpose.answer.keep_for"),
        ('limit = "P7D"', "", "promise.erase.proof.limit"),
        ('limit = "P7D"', 'limit = "PT90M"', "promise.erase.proof.en"),
        ("within {days}, backups", "within {weeks}, backups", "promise.erase.proof.ru"),
        ("удалим за {days}", "удалим за неделю", "promise.erase.proof.ru"),
        ('grade = ["M"]', "grade = []", "promise.use.purpose.grade"),
        ("version = 1", "version = 0", "promise.access.seen.version"),
        ('[promise."locked.rest"]', '[promise."Locked"]', "promise.Locked"),
        ('domain = "shop.example"', 'domain = "https://shop"', "business.domain"),
        ('contact = "owner@example.org"', 'contact = "nobody"', "business.contact"),
        ('language = "en"', 'language = "de"', "business.language"),
        ("format = 1", "format = 2", "format"),
        ("format = 1", "format = 1\nfromat = 1", "fromat"),
        ('purpose = "deliver"', 'purpose = "delivery"', "import.purpose"),
        ('basis = "contract"\nsource', 'basis = "consent"\nsource', "import.basis"),
        ("people = 30", "people = 0", "limits.people"),
        ('second_factor = ["owner"', 'second_factor = ["self"', "team.second_factor"),
        ('review_every = "P90D"', "", "team.review_every"),
        ("free.", "free, } so.", "promise.export.fast.en"),
        ('categories = ["contact"]', "categories = []", "purpose.answer.categories"),
        ('categories = ["contact"]', 'categories = ["contact", "contact"]',
         "purpose.answer.categories"),
        ('categories = ["contact"]', 'categories = "contact"', "purpose.answer.categories"),
        ('categories = ["contact"]', "categories = [1]", "purpose.answer.categories"),
        ('name = "Tea Shop"', 'name = " "', "business.name"),
        ('name = "Tea Shop"', "name = 7", "business.name"),
        ('name = "Tea Shop"', 'name = "a\\u0007b"', "business.name"),
        ('name = "Tea Shop"', "", "business.name"),
        ("version = 1", "version = true", "promise.access.seen.version"),
        ("self_correct = true", 'self_correct = "yes"',
         "category.contact.field.email.self_correct"),
        ("[team]", "[[team]]", "team"),
        ('[promise."use.purpose"]', '[promise]\nuse = 1\n[promise."use.purpose"]', "promise.use"),
        ("needs_reason = true", 'needs_reason = true\nlevels = {operator = "some"}',
         "purpose.legal_claim.levels.operator"),
        ("needs_reason = true", 'needs_reason = true\nlevels = {boss = "full"}',
         "purpose.legal_claim.levels.boss"),
    ],
)  # fmt: skip
def test_mistakes_are_named_by_their_place(old, new, where):
    """Every mistake is refused, and the message begins with the place in the book."""
    with pytest.raises(MalformedError) as caught:
        parse_book(changed(old, new))
    assert caught.value.where == where


def test_unknown_category_is_named():
    """The message says which name is wrong."""
    with pytest.raises(MalformedError, match="no category named contcat"):
        parse_book(changed('categories = ["contact"]', 'categories = ["contcat"]'))


def test_more_than_63_categories_are_refused():
    """A mask of categories has 63 bits."""
    extra = "".join(
        f'[category.c{n}]\nid = {n}\nen = "A"\nru = "Б"\n'
        f'[category.c{n}.field.f{n}]\nid = {n + 100}\nkind = "text"\nen = "A"\nru = "Б"\n'
        f'why = {{en = "A", ru = "Б"}}\n'
        for n in range(4, 64)
    )
    with pytest.raises(MalformedError, match="from 1 to 63") as caught:
        parse_book(DEFAULT + extra)
    assert caught.value.where == "category"


def test_field_keys_are_unique_in_the_house():
    """One field key in two categories would make a column of an import ambiguous."""
    extra = (
        '[category.delivery.field.email]\nid = 99\nkind = "text"\nen = "A"\nru = "Б"\n'
        'why = {en = "A", ru = "Б"}\n'
    )
    with pytest.raises(MalformedError, match="already used"):
        parse_book(DEFAULT + extra)


@pytest.mark.parametrize(
    "text", ["a = ", "[[[[", "\x00", "x" * (1 << 20) + "x", "a = " + "[" * 5000]
)
def test_broken_files_are_refused(text):
    """What is no TOML, or too long, is refused as the book."""
    with pytest.raises(MalformedError) as caught:
        parse_book(text)
    assert caught.value.where == "the book"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P7D", timedelta(days=7)),
        ("P2W", timedelta(days=14)),
        ("PT15M", timedelta(minutes=15)),
        ("P1DT12H", timedelta(hours=36)),
        ("PT1H30M5S", timedelta(hours=1, minutes=30, seconds=5)),
    ],
)
def test_durations(text, expected):
    """ISO 8601 durations of fixed length are read."""
    assert parse_duration(text, "here") == expected


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P0D", "7D", "P7", "P1Y", "P1M", "P-1D", "P1.5D", "P1DT", "PT1H ", "P٧D"],
)
def test_bad_durations(text):
    """Months, years, nothing and other spellings are refused."""
    with pytest.raises(MalformedError):
        parse_duration(text, "here")


def test_levels_are_read_by_role():
    """A purpose may show less to some roles."""
    text = changed("needs_reason = true", 'needs_reason = true\nlevels = {senior = "masked"}')
    assert parse_book(text).rules.purposes["legal_claim"].levels == {Role.SENIOR: Level.MASKED}


def test_a_book_without_purposes_or_fields_is_refused():
    """Nothing may be kept without a reason, and a category without fields holds nothing."""
    start, end = DEFAULT.index("[purpose.answer]"), DEFAULT.index("[import]")
    with pytest.raises(MalformedError, match="at least one reason"):
        parse_book(DEFAULT[:start] + "[purpose]\n" + DEFAULT[end:])
    empty = '[category.bare]\nid = 9\nen = "A"\nru = "Б"\n[category.bare.field]\n'
    with pytest.raises(MalformedError, match="at least one field"):
        parse_book(DEFAULT + empty)

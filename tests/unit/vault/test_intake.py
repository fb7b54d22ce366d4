"""Do columns find their fields, and rows their person?"""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError
from kept.vault.model import body
from kept.vault.model.body import Mark, Status, Value
from kept.vault.model.gather import gather
from kept.vault.model.headers import KIND_OF, MEANINGS, WHOLE_OF
from kept.vault.model.intake import (
    IndexKey,
    MergeKey,
    NewPerson,
    Problem,
    choose,
    contradicts,
    fill,
    make_plan,
    merge,
    take,
)
from kept.vault.model.mapping import ColumnMap, Source, map_columns, parse_override, sources_by_key
from kept.vault.model.normalise import PLAIN, normalise, plain_at_once
from kept.vault.model.refusals import CODES
from kept.vault.model.rows import RefusedRow, Row
from kept.vault.model.rules import (
    Basis,
    Category,
    Field,
    FieldKind,
    ImportDefaults,
    Rules,
    Text,
)
from kept.vault.model.survey import survey
from kept.vault.model.table import read

K = FieldKind
HASH = bytes(range(32))


def field(number: int, key: str, kind: FieldKind, label: Text) -> Field:
    """A field of the shop; the four kinds that may be indexed are."""
    indexed = kind in {K.EMAIL, K.PHONE, K.ORDER_NO, K.CUSTOMER_NO}
    return Field(number, key, kind, label, Text("why", "зачем"), indexed=indexed)


CONTACT = Category(
    0,
    "contact",
    Text("Contact", "Связь"),
    (
        field(1, "email", K.EMAIL, Text("E-mail", "Эл. почта")),
        field(2, "phone", K.PHONE, Text("Phone", "Телефон")),
        field(3, "name", K.NAME, Text("Name", "Имя")),
    ),
)
DELIVERY = Category(
    1,
    "delivery",
    Text("Delivery", "Доставка"),
    (
        field(20, "address", K.ADDRESS, Text("Address", "Адрес")),
        field(21, "town", K.TOWN, Text("Town", "Город")),
        field(22, "postcode", K.POSTCODE, Text("Postcode", "Индекс")),
        field(23, "country", K.TOWN, Text("Country", "Страна")),
    ),
)
ORDERS = Category(
    2,
    "orders",
    Text("Orders", "Заказы"),
    (
        field(40, "order_no", K.ORDER_NO, Text("Order number", "Номер заказа")),
        field(41, "customer_no", K.CUSTOMER_NO, Text("Customer number", "Номер клиента")),
        field(42, "last_order", K.DATE, Text("Last order", "Последний заказ")),
    ),
)
PROFILE = Category(
    3,
    "profile",
    Text("Profile", "Профиль"),
    (
        field(60, "birth_date", K.BIRTH_DATE, Text("Birth date", "Дата рождения")),
        field(61, "note", K.TEXT, Text("Note", "Заметка")),
    ),
)
RULES = Rules(
    {c.key: c for c in (CONTACT, DELIVERY, ORDERS, PROFILE)},
    {},
    ImportDefaults("answer", Basis.CONTRACT, "list"),
)


def mapped(text: str, **overrides: str | None) -> ColumnMap:
    """The mapping of a table."""
    file = io.BytesIO(text.encode())
    found = survey(file)
    sample = [row for row in read(file, found) if isinstance(row, Row)]
    return map_columns(found.columns, sample, RULES, overrides=overrides)


def feeds(found: ColumnMap) -> dict[str, tuple[str, ...]]:
    """Field to columns."""
    return {source.field: source.columns for source in found.sources}


def people(text: str) -> list[NewPerson | RefusedRow]:
    """Survey, map, read, take in."""
    file = io.BytesIO(text.encode())
    found = survey(file)
    sample = [row for row in read(file, found) if isinstance(row, Row)]
    chosen = map_columns(found.columns, sample, RULES)
    plan = make_plan(RULES, chosen.sources, file_sha256=HASH, source="the old shop")
    return [take(plan, r) if isinstance(r, Row) else r for r in read(file, found)]


def person(number: int, **values: str) -> NewPerson:
    """One row by keys of fields."""
    plan = make_plan(RULES, sources_by_key(list(values), RULES), file_sha256=HASH)
    found = take(plan, Row(number, values))
    assert isinstance(found, NewPerson)
    return found


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("e-mail", "email"),
        ("E_Mail Address", "email"),
        ("Почта", "email"),
        ("Эл. почта", "email"),
        ("Электронная почта", "email"),
        ("Телефон", "phone"),
        ("Mobile Phone", "phone"),
        ("Контактный телефон", "phone"),
        ("ФИО", "name"),
        ("Full name", "name"),
        ("Адрес доставки", "address"),
        ("Shipping Address", "address"),
        ("город", "town"),
        ("City", "town"),
        ("ZIP code", "postcode"),
        ("Почтовый индекс", "postcode"),
        ("Order No.", "order_no"),
        ("№ заказа", "order_no"),
        ("Customer ID", "customer_no"),
        ("Date of birth", "birth_date"),
        ("ДАТА РОЖДЕНИЯ", "birth_date"),
        ("PLZ", "postcode"),
        ("Kundennummer", "customer_no"),
        ("Комментарий", "note"),
        ("country", "country"),
        ("Дата последнего заказа", "last_order"),
    ],
)
def test_headings(heading: str, key: str) -> None:
    """A heading in either language finds its field."""
    found = map_columns([heading, "colour"], [], RULES)
    assert feeds(found) == {key: (heading,)}
    assert found.dropped == ("colour",)


def test_every_meaning_is_a_field_or_a_part() -> None:
    """The table of headings points nowhere else."""
    known = {*RULES.fields(), *WHOLE_OF, *KIND_OF}
    assert set(MEANINGS.values()) <= known


def test_names_and_addresses_are_joined() -> None:
    """Parts are joined in their own order, not in that of the columns."""
    found = mapped("Last name,Middle name,First name,House,Street\nLovelace,King,Ada,1,Arbat\n")
    assert feeds(found) == {
        "name": ("First name", "Middle name", "Last name"),
        "address": ("Street", "House"),
    }
    assert feeds(mapped("Имя,Фамилия\nАда,Лавлейс\n")) == {"name": ("Имя", "Фамилия")}
    assert feeds(mapped("Surname,Name\nLovelace,Ada\n")) == {"name": ("Name", "Surname")}


def test_a_whole_name_wins_over_its_parts() -> None:
    """Nothing is joined twice; what is left out is named with its reason."""
    found = mapped("First name,Last name,Full name\nAda,Lovelace,Ada Lovelace\n")
    assert feeds(found) == {"name": ("Full name",)}
    assert found.dropped == ("First name", "Last name")
    assert found.columns[0].why.en == "Another column feeds this field."


def test_content_decides_between_two_columns() -> None:
    """Of `phone` and `mobile` that one is taken which holds phones."""
    text = "tel,mobile\n" + "".join(f"-,+49151{10_000_000 + n}\n" for n in range(4))
    assert feeds(mapped(text))["phone"] == ("mobile",)
    both = "tel,mobile\n" + "".join(f"+49151{10_000_000 + n}," * 2 + "\n" for n in range(4))
    assert feeds(mapped(both)) == {"phone": ("tel",)}


def test_content_overrules_a_heading_that_its_values_belie() -> None:
    """Swapped columns are seen."""
    text = "Phone,Email\n" + "".join(f"a{n}@e.org,+49151{10_000_000 + n}\n" for n in range(4))
    found = mapped(text)
    assert feeds(found) == {"email": ("Phone",), "phone": ("Email",)}
    assert {view.confidence for view in found.columns} == {"guess"}


def test_without_headings_content_speaks() -> None:
    """E-mails and phones are found by their look; a bare number is not taken for a phone."""
    found = mapped(
        "".join(f"a{n}@e.org,+49151{10_000_000 + n},{5_000_000 + n}\n" for n in range(4))
    )
    assert feeds(found) == {"email": ("column 1",), "phone": ("column 2",)}
    assert found.dropped == ("column 3",)


def test_a_bare_id_is_nobodys_number() -> None:
    """It may be a row's, an order's or a person's: only the owner knows."""
    assert mapped("id,email\n1,a@e.org\n").dropped == ("id",)
    assert mapped("id,email\n1,a@e.org\n", id="customer_no").dropped == ()


def test_overrides() -> None:
    """What the owner says is done, also leaving a column out and joining two."""
    text = "a,b,email,note\nAda,Lovelace,a@e.org,secret\n"
    found = mapped(text, a="name", b="name", note=None)
    assert feeds(found) == {"name": ("a", "b"), "email": ("email",)}
    assert found.columns[3].why.en == "You left it out."
    found = mapped(text, b="first_name", a="last_name")
    assert feeds(found)["name"] == ("b", "a")
    assert feeds(mapped(text, b="email"))["email"] == ("b",)


def test_an_override_need_not_match_case() -> None:
    """`--map EMAIL=…` is the column `Email`, unless two columns differ by case alone."""
    assert feeds(mapped("Adres,Й\na@e.org,x\n", ADRES="email"))["email"] == ("Adres",)
    assert feeds(map_columns(["Adres", "Й"], [], RULES, overrides={"и\u0306": "name"}))["name"] == (
        "Й",
    )
    assert feeds(mapped("ab,AB\n1,2\n", AB="name")) == {"name": ("AB",)}
    with pytest.raises(MalformedError):
        mapped("ab,AB\n1,2\n", Ab="name")


@pytest.mark.parametrize("wrong", [{"nope": "email"}, {"a": "nope"}])
def test_wrong_overrides(wrong: dict[str, str]) -> None:
    """A misspelt column or field is an error, not a column silently lost."""
    with pytest.raises(MalformedError):
        mapped("a,b\n1,2\n", **wrong)


def test_parse_override() -> None:
    """The last `=` parts column and field."""
    assert parse_override("Kunde = Mail=email") == ("Kunde = Mail", "email")
    assert parse_override("note=") == ("note", None)
    for wrong in ("note", "=email", ""):
        with pytest.raises(MalformedError):
            parse_override(wrong)


def test_the_preview_shows_masks_only() -> None:
    """Examples are masked; dropped columns show none."""
    found = mapped("email,phone,name,colour\nada@e.org,0151 12345678,Ada Lovelace,teal\n")
    assert [view.examples for view in found.columns] == [
        ("a…@e….org",),
        ("…78",),
        ("A. L.",),
        (),
    ]
    assert "teal" not in repr(found)
    assert "12345678" not in repr(found)


def test_a_row_becomes_a_person() -> None:
    """Values by category and field, typed; keys; the strongest merge key."""
    found = person(
        7,
        email="Ada@Example.org",
        phone="0151 12345678",
        name="Ada  Lovelace",
        town="Berlin",
        customer_no="c 1",
        birth_date="10.12.1815",
        note="=cmd",
    )
    assert found == NewPerson(
        number=7,
        values={
            0: {1: "ada@example.org", 2: "+4915112345678", 3: "Ada Lovelace"},
            1: {21: "Berlin"},
            2: {41: "C1"},
            3: {60: -56270, 61: "=cmd"},
        },
        marks={},
        keys=(
            IndexKey(K.EMAIL, 1, b"ada@example.org"),
            IndexKey(K.PHONE, 2, b"+4915112345678"),
            IndexKey(K.CUSTOMER_NO, 41, b"C1"),
        ),
        merge_key=MergeKey(K.CUSTOMER_NO, b"C1"),
        problems=(),
    )
    for values in found.values.values():
        assert list(values) == sorted(values)
        assert body.decode(body.encode(values)).values == values


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"email": "a@e.org", "phone": "0151 12345678"}, MergeKey(K.EMAIL, b"a@e.org")),
        ({"email": "?", "phone": "0151 12345678"}, MergeKey(K.PHONE, b"+4915112345678")),
        ({"order_no": "7", "email": "ada at e.org"}, MergeKey(None, HASH + bytes(7) + b"\x05")),
    ],
)
def test_merge_keys(values: dict[str, str], key: MergeKey) -> None:
    """Number, else e-mail, else phone, else the row of this very file; never an order."""
    assert person(5, **values).merge_key == key


def test_what_does_not_parse_is_kept_and_marked() -> None:
    """Kept as written, unverified, found by nobody, reported by field and code."""
    found = people("email,phone\nada at e.org,4.91512E+12\n")[0]
    assert isinstance(found, NewPerson)
    assert found.values == {0: {1: "ada at e.org", 2: "4.91512E+12"}}
    mark = Mark(Status.MALFORMED, None, "import", "the old shop")
    assert found.marks == {0: {1: mark, 2: mark}}
    assert found.keys == ()
    assert found.problems == (Problem("email", "email_invalid"), Problem("phone", "phone_rounded"))


def test_a_row_with_nothing_to_keep_is_refused() -> None:
    """Dropped columns and placeholders make nobody."""
    assert people("email,colour\n-,red\n") == [RefusedRow(2, None, "nothing_to_keep")]


def test_a_list_may_have_its_own_region() -> None:
    """A Russian list in a German shop."""
    plan = make_plan(RULES, [Source("phone", ("p",))], file_sha256=HASH, region="RU")
    found = take(plan, Row(1, {"p": "8 916 123-45-67"}))
    assert isinstance(found, NewPerson)
    assert found.values == {0: {2: "+79161234567"}}


def test_joined_columns_leave_no_gaps() -> None:
    """An empty part is no second space."""
    found = people("First name,Middle name,Last name,colour\nAda,, Lovelace ,red\n,,Bob,red\n")
    assert [p.values for p in found if isinstance(p, NewPerson)] == [
        {0: {3: "Ada Lovelace"}},
        {0: {3: "Bob"}},
    ]
    columns = mapped("First name,Last name,colour\nAda,Lovelace,red\n")
    assert columns.used == {"First name", "Last name"}


def test_an_unindexed_field_gives_no_key() -> None:
    """The book decides what may be found; then the row itself is the key."""
    quiet = replace(CONTACT, fields=(replace(CONTACT.fields[0], indexed=False),))
    plan = make_plan(
        Rules({"contact": quiet}, {}, RULES.import_defaults),
        [Source("email", ("e",))],
        file_sha256=HASH,
    )
    found = take(plan, Row(1, {"e": "a@e.org"}))
    assert isinstance(found, NewPerson)
    assert (found.keys, found.merge_key.kind) == ((), None)


@given(st.dictionaries(st.sampled_from(sorted(RULES.fields())), st.text(max_size=30)))
def test_any_row_is_taken_or_refused(values: dict[str, str]) -> None:
    """No text breaks the intake, and what it takes fits into a body."""
    plan = make_plan(RULES, sources_by_key(list(values), RULES), file_sha256=HASH)
    found = take(plan, Row(1, values))
    if isinstance(found, RefusedRow):
        assert found.code == "nothing_to_keep"
        return
    for category, fields in found.values.items():
        body.encode(fields, found.marks.get(category))
    assert all(problem.code in CODES for problem in found.problems)


@given(st.sampled_from(sorted(PLAIN)), st.text(max_size=30))
def test_the_short_way_for_plain_text_is_the_same(kind: FieldKind, text: str) -> None:
    """What is taken at once is what the normaliser would have given."""
    quick = plain_at_once(text)
    assert quick is None or normalise(kind, text, region="DE") == (quick, None, True, None)


@given(
    st.lists(
        st.one_of(
            st.sampled_from([
                "",
                " ",
                "ab",
                "n/a ",
                "nil",
                "two  spaces",
                " edge",
                "edge ",
                "ок да",
            ]),
            st.text(max_size=12),
            st.from_regex(r"[a-zé]{3,9} [a-z]{1,3}", fullmatch=True),
        ),
        min_size=5,
        max_size=5,
    ),
    st.booleans(),
)
def test_fields_looked_at_together_are_taken_as_one_by_one(texts: list[str], has_all: bool):
    """Many plain columns are judged in one look; what comes out is what each alone would give."""
    keys = [f"word_{n}" for n in range(5)]
    words = Category(
        7,
        "words",
        Text("Words", "Слова"),
        tuple(field(200 + n, key, K.TEXT, Text(key, key)) for n, key in enumerate(keys)),
    )
    rules = replace(RULES, categories={"words": words})
    row = Row(1, {k: t for k, t in zip(keys, texts, strict=True) if t or has_all})
    together = take(make_plan(rules, sources_by_key(keys, rules), file_sha256=HASH), row)
    alone: dict[int, Value] = {}
    for key in keys:
        plan = make_plan(rules, sources_by_key([key], rules), file_sha256=HASH)
        one = take(plan, row)
        if isinstance(one, NewPerson):
            alone |= one.values.get(7, {})
    if isinstance(together, RefusedRow):
        assert not alone
    else:
        assert together.values == {7: alone}


def test_later_rows_fill_what_is_empty() -> None:
    """The first value stays, the difference is counted, new keys are added."""
    old = person(2, email="a@e.org", name="Ada")
    new = person(3, email="A@e.org", name="Ada L.", phone="0151 12345678", town="Berlin")
    found = merge(old, new)
    assert not isinstance(found, RefusedRow)
    assert found.person.values == {
        0: {1: "a@e.org", 2: "+4915112345678", 3: "Ada"},
        1: {21: "Berlin"},
    }
    assert (found.filled, found.differs) == (2, (3,))
    assert [key.field_id for key in found.person.keys] == [1, 2]
    assert found.person.number == 2
    assert old.values == {0: {1: "a@e.org", 3: "Ada"}}


def test_a_mark_comes_with_its_value_only() -> None:
    """A malformed value that is not taken leaves no mark on the one that stays."""
    old = person(2, email="a@e.org", customer_no="1")
    new = person(3, email="nonsense", phone="nonsense", customer_no="1")
    found = merge(old, new)
    assert not isinstance(found, RefusedRow)
    assert found.person.marks == {0: {2: Mark(Status.MALFORMED, None, "import", "")}}


def test_two_customer_numbers_are_two_people() -> None:
    """However much else fits."""
    one, two = (person(n, email="a@e.org", customer_no=str(n)) for n in (2, 3))
    assert contradicts(one.keys, two.keys)
    assert not contradicts(one.keys, person(4, email="a@e.org").keys)
    assert merge(one, two) == RefusedRow(3, None, "ambiguous")


CATEGORIES = st.dictionaries(st.integers(1, 5), st.integers(0, 3))


@given(CATEGORIES, CATEGORIES)
def test_filling_loses_nothing_kept(kept: dict[int, Value], new: dict[int, Value]) -> None:
    """Kept values stay; every new one is filled in, equal, or counted; twice changes nothing."""
    merged, filled, differs = fill(kept, new)
    assert merged == {**new, **kept}
    assert set(filled) == set(new) - set(kept)
    assert set(differs) == {k for k in new if k in kept and kept[k] != new[k]}
    assert fill(merged, new) == (merged, (), differs)


def keyed(row: NewPerson, *hits: tuple[FieldKind, str]) -> dict[IndexKey, frozenset[str]]:
    """Who is found by which of the row's keys."""
    return {key: frozenset(who for kind, who in hits if kind is key.kind) for key in row.keys}


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ((), None),
        (((K.CUSTOMER_NO, "A"),), "A"),
        (((K.EMAIL, "A"),), "A"),
        (((K.CUSTOMER_NO, "A"), (K.EMAIL, "A")), "A"),
        (((K.CUSTOMER_NO, "A"), (K.EMAIL, "B")), "ambiguous"),
        (((K.EMAIL, "A"), (K.EMAIL, "B")), "ambiguous"),
        (((K.PHONE, "A"),), None),
        (((K.CUSTOMER_NO, "A"), (K.PHONE, "B")), "A"),
    ],
)
def test_choosing_whom_a_row_means(
    hits: tuple[tuple[FieldKind, str], ...], expected: str | None
) -> None:
    """Number and e-mail must agree; a phone alone joins nobody who has more to go by."""
    row = person(9, email="a@e.org", phone="0151 12345678", customer_no="1")
    found = choose(row, keyed(row, *hits))
    assert (found.code if isinstance(found, RefusedRow) else found) == expected


def test_a_phone_decides_where_there_is_nothing_else() -> None:
    """One hit is the person, two are ambiguous."""
    row = person(9, phone="0151 12345678")
    assert choose(row, keyed(row, (K.PHONE, "A"))) == "A"
    found = choose(row, keyed(row, (K.PHONE, "A"), (K.PHONE, "B")))
    assert isinstance(found, RefusedRow)


def test_a_batch_is_joined_before_it_is_written() -> None:
    """Duplicates within one transaction, by any key that decides."""
    rows = [
        person(2, customer_no="1", email="a@e.org", name="Ada"),
        person(3, email="A@e.org", phone="0151 12345678", name="Ada L."),
        person(4, email="b@e.org", phone="0151 12345678"),
        person(5, phone="0151 12345678"),
        person(6, customer_no="2", email="a@e.org"),
        person(7, name="Nobody"),
        person(8, name="Nobody"),
        person(9, customer_no="1", email="b@e.org"),
    ]
    found = gather(rows)
    assert [p.number for p in found.people] == [2, 4, 7, 8]
    assert found.people[0].values[0] == {1: "a@e.org", 2: "+4915112345678", 3: "Ada"}
    assert found.merged == 1
    assert found.differs == [(3, (3,))]
    assert found.refused == [RefusedRow(n, None, "ambiguous") for n in (5, 6, 9)]
    assert len(rows) == len(found.people) + found.merged + len(found.refused)


def test_the_same_file_twice_finds_the_same_keys() -> None:
    """So that a second run changes nothing."""
    text = "email,name\na@e.org,Ada\n,Bob\n"
    assert people(text) == people(text)

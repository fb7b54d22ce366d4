"""Does reading a table of people say of every row what it holds or why it was not taken?"""

import csv
import hashlib
import io
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.vault.model.lines import Encoding, lines
from kept.vault.model.mending import refused_lines
from kept.vault.model.records import MAX_QUOTED_LINES
from kept.vault.model.refusals import CODES
from kept.vault.model.rows import (
    MAX_CELL_CHARS,
    MAX_ROW_BYTES,
    RefusedRow,
    Row,
    UnreadableTableError,
)
from kept.vault.model.survey import Format, survey
from kept.vault.model.table import from_json, read


def rows(raw: bytes, *, after: int = 0) -> list[Row | RefusedRow]:
    """Survey and read."""
    file = io.BytesIO(raw)
    return list(read(file, survey(file), after=after))


def told(raw: bytes) -> list[tuple[int, list[str] | str]]:
    """Row numbers with cells, or with the code."""
    return [
        (r.number, r.code if isinstance(r, RefusedRow) else list(r.values.values()))
        for r in rows(raw)
    ]


RUSSIAN = "имя;почта\nИван Ёлкин;i@e.org\n"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (RUSSIAN.encode("utf-8"), Encoding.UTF_8),
        (RUSSIAN.encode("utf-8-sig"), Encoding.UTF_8_BOM),
        (RUSSIAN.encode("windows-1251"), Encoding.WINDOWS_1251),
        (b"\xff\xfe" + RUSSIAN.encode("utf-16-le"), Encoding.UTF_16_LE),
        (b"\xfe\xff" + RUSSIAN.encode("utf-16-be"), Encoding.UTF_16_BE),
    ],
)
def test_encodings(raw: bytes, encoding: Encoding) -> None:
    """The same table in each encoding gives the same letters."""
    found = survey(io.BytesIO(raw))
    assert found.encoding is encoding
    assert found.columns == ("имя", "почта")
    assert told(raw) == [(2, ["Иван Ёлкин", "i@e.org"])]


def test_western_letters_are_not_read_as_cyrillic() -> None:
    """Müller in Windows-1252 does not become Mьller."""
    raw = "name,email\nMüller,m@e.org\nGroß,g@e.org\n".encode("windows-1252")
    assert survey(io.BytesIO(raw)).encoding is Encoding.WINDOWS_1252
    assert told(raw)[0] == (2, ["Müller", "m@e.org"])


def test_the_first_cyrillic_letter_may_stand_in_the_last_row() -> None:
    """Encoding is decided by the whole file."""
    raw = b"name,email\n" + b"Ada,a@e.org\n" * 20_000 + "Иван,i@e.org\n".encode("windows-1251")
    assert rows(raw)[-1] == Row(20_002, {"name": "Иван", "email": "i@e.org"})


@pytest.mark.parametrize(("main", "stray"), [("utf-8", "windows-1251"), ("windows-1251", "utf-8")])
def test_mixed_encodings_are_refused_rows(main: str, stray: str) -> None:
    """A row in another encoding is refused; no question marks, no mojibake."""
    raw = "имя,e\nИван,i@e.org\nОльга,o@e.org\n".encode(main) + "Пётр,p@e.org\n".encode(stray)
    raw += "Анна,a@e.org\n".encode(main)
    assert told(raw) == [
        (2, ["Иван", "i@e.org"]),
        (3, ["Ольга", "o@e.org"]),
        (4, "encoding_broken"),
        (5, ["Анна", "a@e.org"]),
    ]


def test_a_broken_half_of_utf_16_is_a_refused_row() -> None:
    """A lone surrogate refuses its row only."""
    raw = b"\xff\xfe" + "a,b\n1,2\n".encode("utf-16-le") + b"\x00\xd8x\x00,\x00y\x00\n\x00"
    raw += "3,4\n".encode("utf-16-le")
    assert told(raw) == [(2, ["1", "2"]), (3, "encoding_broken"), (4, ["3", "4"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, newline: str) -> None:
    """Each is detected; a comma inside a quoted cell does not mislead."""
    table = [["name", "town", "note"], ["Ada", "London", "a,b,c"], ["Bob", "Rome", "d;e"]]
    text = newline.join(
        delimiter.join(f'"{c}"' if delimiter in c else c for c in row) for row in table
    )
    found = survey(io.BytesIO(text.encode()))
    assert found.delimiter == delimiter
    assert [cells for _, cells in told(text.encode())] == table[1:]


def test_excels_separator_line() -> None:
    """`sep=;` is obeyed and is no row."""
    assert told(b"sep=;\r\na;b,c\r\n1;2,3\r\n") == [(3, ["1", "2,3"])]


def test_without_a_heading_the_first_row_is_a_person() -> None:
    """An address in the first row means that there is no heading."""
    found = survey(io.BytesIO(b"a@b.org,Ada\nc@d.org,Bob\n"))
    assert (found.has_heading, found.columns) == (False, ("column 1", "column 2"))
    assert told(b"a@b.org,Ada\nc@d.org,Bob\n")[0] == (1, ["a@b.org", "Ada"])


def test_known_headings_outweigh_a_strange_one() -> None:
    """A heading may hold a number; two known words settle it."""
    found = survey(io.BytesIO(b"email,phone,2020-2021\na@e.org,1,2\n"))
    assert found.has_heading
    assert found.columns[2] == "2020-2021"


def test_names_of_columns_are_unique() -> None:
    """Doubled and empty headings get names of their own."""
    found = survey(io.BytesIO(b"email,email,,email (2),email\n1,2,3,4,5\n"))
    assert found.columns == ("email", "email (2)", "column 3", "email (2) (2)", "email (3)")


def test_an_unclosed_quote_costs_one_row() -> None:
    """Reading goes on at the next line, and the broken row is named."""
    raw = b'name,email\n"Ada,a@e.org\nBob,b@e.org\n"C ""x""",c@e.org\nD,"d@e.org\n'
    assert told(raw) == [
        (2, "quotes_unclosed"),
        (3, ["Bob", "b@e.org"]),
        (4, ['C "x"', "c@e.org"]),
        (5, "quotes_unclosed"),
    ]


def test_two_unclosed_quotes_do_not_make_one_row() -> None:
    """A record joined over lines must have the heading's number of columns."""
    raw = b'name,email,note\nA,"a@e.org,x\nB,b@e.org,y\nC,c@e.org",z\n'
    assert told(raw) == [
        (2, "quotes_unclosed"),
        (3, ["B", "b@e.org", "y"]),
        (4, ["C", 'c@e.org"', "z"]),
    ]


def test_an_unclosed_quote_is_not_searched_for_ever() -> None:
    """The end must come within a few lines."""
    near = b'a,b\n"x' + b"\n" * (MAX_QUOTED_LINES - 1) + b'",1\n'
    far = b'a,b\n"x' + b"\n" * (MAX_QUOTED_LINES + 1) + b'",1\n2,3\n'
    assert told(near) == [(2, ["x" + "\n" * (MAX_QUOTED_LINES - 1), "1"])]
    assert told(far)[0] == (2, "quotes_unclosed")
    assert told(far)[-1] == (MAX_QUOTED_LINES + 4, ["2", "3"])


def test_cells_of_several_lines() -> None:
    """Line breaks inside quotes belong to the cell; numbers stay those of the file's lines."""
    assert told(b'a,b\r\n"x\r\ny",1\r\nz,2\r\n') == [(2, ["x\ny", "1"]), (4, ["z", "2"])]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'"a"b,c', "quotes_broken"),
        (b"a\0,b", "nul_bytes"),
        (b'"a\0",b', "nul_bytes"),
        (b"a", "too_few_columns"),
        (b"a,b,c", "too_many_columns"),
        (b"a,\xff\xfe", "encoding_broken"),
        (b"a," + b"x" * (MAX_CELL_CHARS + 1), "cell_too_long"),
        (b'a,"' + b"x" * (MAX_CELL_CHARS + 1) + b'"', "cell_too_long"),
        (b'a,"' + b"x" * 140_000 + b'"', "cell_too_long"),
        (b"a," + b"x" * MAX_ROW_BYTES, "row_too_long"),
        (b"a," + b"x" * 10_000_000, "row_too_long"),
        (b'a,"' + b"x" * 10_000_000 + b'"', "row_too_long"),
    ],
)
def test_refused_rows(line: bytes, code: str) -> None:
    """One bad row is refused with its reason, its neighbours are read."""
    raw = "a,ё\n1,ж\n".encode() + line + "\n3,ж\n".encode()
    assert told(raw) == [(2, ["1", "ж"]), (3, code), (4, ["3", "ж"])]
    assert CODES[code].ru != CODES[code].en


def test_refusals_name_the_column_where_there_is_one() -> None:
    """The report points at the cell."""
    raw = b"name,note\nA," + b"x" * 40_000 + b"\nB\n"
    assert rows(raw) == [
        RefusedRow(2, "note", "cell_too_long"),
        RefusedRow(3, "note", "too_few_columns"),
    ]
    found = rows(raw)[1]
    assert isinstance(found, RefusedRow)
    assert "fewer columns" in found.sentence("en")
    assert "меньше столбцов" in found.sentence("ru")


def test_blank_rows_and_trailing_delimiters() -> None:
    """What a spreadsheet leaves behind is no row and no error."""
    assert told(b"a,b\n\n  \n,\n1,2,,\n\n") == [(5, ["1", "2"])]


def test_formulas_are_text() -> None:
    """Nothing is evaluated, and the apostrophe of our own exports goes."""
    assert told(b"a,b\n=cmd|' /C calc'!A0,'+49151\n'=x,'s-Hage\n") == [
        (2, ["=cmd|' /C calc'!A0", "+49151"]),
        (3, ["=x", "'s-Hage"]),
    ]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf", "file_empty"),
        (b"\n \n", "file_empty"),
        (b"PK\x03\x04 an xlsx", "file_binary"),
        (b"%PDF-1.7", "file_binary"),
        (b'[{"a":1}]', "file_json_array"),
        (b'"a,b\n1,2\n', "file_heading"),
        (b"," * 600, "file_columns"),
        (b"{" + b",".join(b'"%d":1' % i for i in range(600)) + b"}", "file_columns"),
    ],
)
def test_unreadable_files(raw: bytes, code: str) -> None:
    """A file of which nothing can be read says so at once."""
    with pytest.raises(UnreadableTableError) as caught:
        survey(io.BytesIO(raw))
    assert caught.value.code == code


def test_a_heading_alone() -> None:
    """A table without rows has columns and no row."""
    assert told(b"name,email\n") == []


def test_jsonl() -> None:
    """Scalars become text; what is no flat object is refused."""
    raw = b'{"a":"x","n":3,"f":1.5,"t":true,"z":null}\n{"a":[1]}\nnope\n\n{"b":"\\u0436"}\n'
    raw += b'{"a":"\\u0000"}\n[1]\n{"a":"\\ud800"}\n'
    found = survey(io.BytesIO(raw))
    assert (found.format, found.columns) == (Format.JSONL, ("a", "n", "f", "t", "z", "b"))
    assert rows(raw)[0] == Row(1, {"a": "x", "n": "3", "f": "1.5", "t": "true", "z": ""})
    assert told(raw)[1:] == [
        (2, "value_nested"),
        (3, "json_broken"),
        (5, ["ж"]),
        (6, "nul_bytes"),
        (7, "json_broken"),
        (8, "json_broken"),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"a":"' + "x" * 40_000 + '"}', "cell_too_long"),
        ('{"a":"' + "x" * MAX_ROW_BYTES + '"}', "row_too_long"),
        ('{"a":' * 20_000, "json_broken"),
        ('{"a":{"b":1}}', "value_nested"),
    ],
)
def test_json_rows_of_a_stream(line: str, code: str) -> None:
    """The same limits hold where there is no file."""
    found = from_json(1, line)
    assert isinstance(found, RefusedRow)
    assert found.code == code


def test_a_list_in_a_column_that_is_not_kept_is_passed_over() -> None:
    """Tags beside an address cost nobody their row."""
    raw = b'{"email":"a@e.org","tags":["x"]}\n{"email":{"x":1}}\n'
    file = io.BytesIO(raw)
    assert list(read(file, survey(file), used=frozenset({"email"}))) == [
        Row(1, {"email": "a@e.org", "tags": ""}),
        RefusedRow(2, "email", "value_nested"),
    ]


def test_resuming() -> None:
    """After any row the rest is what it would have been, broken rows included."""
    raw = b'a,b\n1,2\n"x\ny",3\n"z,4\n5\n6,7\n'
    whole = rows(raw)
    for done in whole:
        assert rows(raw, after=done.number) == [r for r in whole if r.number > done.number]


@pytest.mark.parametrize(
    "cell",
    ["@." * 20_000 + " ", "a@" + "." * 40_000 + " ", "a@" + "b." * 20_000 + " ", "a@a." * 9_000],
)
def test_a_hostile_heading_is_looked_at_quickly(cell: str) -> None:
    """What almost looks like an address does not hold up the survey: it took minutes once."""
    began = time.process_time()
    survey(io.BytesIO(f"email,{cell}\nx@example.org,1\n".encode()))
    assert time.process_time() - began < 5


def test_a_heading_with_an_address_is_data() -> None:
    """A first line that holds somebody's address is somebody's row."""
    assert not survey(io.BytesIO(b"a.b@mail.example.org,Ann\nx@example.org,Bo\n")).has_heading


def test_the_survey_knows_the_file_again() -> None:
    """Hash and size are those of the raw bytes."""
    found = survey(io.BytesIO(b"\xef\xbb\xbfa,b\n1,2\n"))
    assert found.sha256 == hashlib.sha256(b"\xef\xbb\xbfa,b\n1,2\n").digest()
    assert (found.size_bytes, found.lines) == (11, 2)


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@given(
    st.integers(2, 5).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=8)
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_python_writes_is_read(
    table: list[list[str]], delimiter: str, codec: str, newline: str
) -> None:
    """Any cells in any of the forms come back, blank rows aside."""
    heading = [f"heading{'x' * n}" for n in range(len(table[0]))]
    text = io.StringIO()
    # as Excel says it: the contents may imitate any other delimiter
    text.write(f"sep={delimiter}{newline}")
    csv.writer(text, delimiter=delimiter, lineterminator=newline).writerows([heading, *table])
    found = [
        r.values if isinstance(r, Row) else r.code for r in rows(text.getvalue().encode(codec))
    ]
    expected = [
        "encoding_broken"
        if codec == "utf-16" and "\ufffd" in "".join(cells)
        else {
            h: c[1:] if c[:1] == "'" and c.lstrip("'")[:1] in {*"=+-@"} else c
            for h, c in zip(heading, cells, strict=True)
        }
        for cells in table
        if any(cells) and "".join(cells).strip()
    ]
    assert found == expected


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(noise: bytes) -> None:
    """No bytes break the reader, and every row of the file has one answer."""
    raw = b"name,email\n" + noise
    try:
        found = rows(raw)
    except UnreadableTableError:
        return
    numbers = [r.number for r in found]
    assert numbers == sorted(set(numbers))
    assert all(r.code in CODES for r in found if isinstance(r, RefusedRow))


@given(st.lists(st.binary(max_size=50)), st.integers(1, 7))
def test_lines_do_not_depend_on_chunks(parts: list[bytes], size: int) -> None:
    """However the bytes arrive, the lines are the same."""
    raw = b"\n".join(parts)
    cut = (raw[i : i + size] for i in range(0, len(raw), size))
    expected = raw.split(b"\n")
    assert list(lines(cut, b"\n")) == (expected if expected[-1] else expected[:-1])


def test_memory_stays_small() -> None:
    """A long file with a row of 10 MB is read in a few megabytes."""
    file = io.BytesIO(b"a,b\n" + b"1,2\n" * 200_000 + b"x" * 10_000_000 + b"\n" + b'"3,4\n' * 2_000)
    tracemalloc.start()
    try:
        count = sum(1 for _ in read(file, survey(file)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 202_001
    assert peak < 4_000_000


def mended(raw: bytes) -> bytes:
    """The refused rows of a table, as a table."""
    file = io.BytesIO(raw)
    found = survey(file)
    numbers = {r.number for r in read(file, found) if isinstance(r, RefusedRow)}
    return b"".join(refused_lines(file, found, numbers))


def test_refused_rows_can_be_mended_and_sent_again() -> None:
    """Of 10,000 rows with 137 bad ones exactly those 137 come back, and go in when mended."""
    good = [f"Zoë {n},n{n}@e.org".encode() for n in range(10_000)]
    spoilt = [b'"Zo%d,x', b"Zo%d\0,x", b"Zo%d\xff,x", b"Zo%d,x,y"]
    table = [spoilt[n % 4] % n if n % 73 == 0 else good[n] for n in range(10_000)]
    bad = range(0, 10_000, 73)
    raw = b"name,email\r\n" + b"\r\n".join(table) + b"\r\n"
    refused = [r for r in rows(raw) if isinstance(r, RefusedRow)]
    assert len(refused) == 137
    assert [r.number for r in refused] == [n + 2 for n in bad]
    again = mended(raw)
    assert again == b"".join(row + b"\r\n" for row in (b"name,email", *(table[n] for n in bad)))
    for wrong in (b'"', b"\0", b"\xff", b",y"):
        again = again.replace(wrong, b"")
    found = [list(r.values.values()) for r in rows(again) if isinstance(r, Row)]
    assert found == [[f"Zo{n}", "x"] for n in bad]


def test_a_refused_row_of_several_lines_comes_back_whole() -> None:
    """Its quoted line breaks included; one too long to hold is left out."""
    raw = b'a,b,c\n1,"x\ny"\n2,3,4\n' + b"z" * MAX_ROW_BYTES + b"z\n"
    assert told(raw) == [
        (2, "quotes_unclosed"),
        (3, "too_few_columns"),
        (4, ["2", "3", "4"]),
        (5, "row_too_long"),
    ]
    assert mended(raw) == b'a,b,c\n1,"x\ny"\n'
    long = b'a,b\n"x\n' + b"y" * 33_000 + b'",1\n2,3\n"q\nr","s\nt"\n'
    assert mended(long) == b'a,b\n"x\n' + b"y" * 33_000 + b'",1\n'


def test_refused_lines_of_jsonl() -> None:
    """A line is a row."""
    assert mended(b'{"a":1}\nnope\n{"a":[]}\n') == b'nope\n{"a":[]}\n'


def test_bad_lines_of_jsonl() -> None:
    """Too long, and in another encoding than the rest: refused, and reading goes on."""
    raw = '{"a":"ж"}\n'.encode() + b'{"a":"\xff"}\n{"a":"' + b"x" * MAX_ROW_BYTES + b'"}\n{"a":"1"}'
    assert told(raw) == [
        (1, ["ж"]),
        (2, "encoding_broken"),
        (3, "row_too_long"),
        (4, ["1"]),
    ]


def test_a_heading_of_several_lines() -> None:
    """A quoted line break belongs to the heading's name."""
    assert survey(io.BytesIO(b'"E-mail\n(work)",name\na@e.org,Ada\n')).columns == (
        "E-mail\n(work)",
        "name",
    )
    assert told(b'"E-mail\n(work)",name\na@e.org,Ada\n') == [(3, ["a@e.org", "Ada"])]


def test_the_last_line_may_be_too_long() -> None:
    """Also without a line end it is refused, not lost."""
    assert told(b"a,b\n1,2\n" + b"x" * (MAX_ROW_BYTES + 1)) == [
        (2, ["1", "2"]),
        (3, "row_too_long"),
    ]

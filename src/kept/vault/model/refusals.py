"""What do the codes of an import say in words?

One table for rows that are refused and for values that are kept as written and reported. A code is
stable and machine-readable; the sentence says what was found, what became of it and what to do,
and never repeats a value. Append only.
"""

from kept.vault.model.rules import Lang, Text

ROW_CODES: dict[str, Text] = {  # the row is not taken; it can be mended and sent again
    "encoding_broken": Text(
        "This row is in another encoding than the rest of the file. Save the file as UTF-8.",
        "Эта строка записана не в той кодировке, что остальной файл. Сохраните файл в UTF-8.",
    ),
    "nul_bytes": Text(
        "This row holds zero bytes, which no text has. The file may be damaged.",
        "В строке есть нулевые байты, которых в тексте не бывает. Возможно, файл повреждён.",
    ),
    "quotes_unclosed": Text(
        "A quotation mark is opened and never closed. Reading went on at the next line.",
        "Кавычка открыта и не закрыта. Чтение продолжено со следующей строки.",
    ),
    "quotes_broken": Text(
        "A quotation mark stands where none may stand. Double it inside a quoted cell.",
        "Кавычка стоит не на своём месте. Внутри ячейки в кавычках её нужно удвоить.",
    ),
    "row_too_long": Text(
        "This row is longer than 256 KiB and was skipped whole.",
        "Строка длиннее 256 КиБ, она пропущена целиком.",
    ),
    "cell_too_long": Text(
        "A cell of this row is longer than 32,767 characters.",
        "Ячейка этой строки длиннее 32 767 знаков.",
    ),
    "too_few_columns": Text(
        "This row has fewer columns than the heading.",
        "В этой строке меньше столбцов, чем в заголовке.",
    ),
    "too_many_columns": Text(
        "This row has more columns than the heading.",
        "В этой строке больше столбцов, чем в заголовке.",
    ),
    "json_broken": Text(
        "This line is not a JSON object.",
        "Эта строка не является объектом JSON.",
    ),
    "value_nested": Text(
        "A value of this row is a list or an object; only text, numbers and yes/no are taken.",
        "Значение в этой строке — список или объект; принимаются текст, числа и да/нет.",
    ),
    "nothing_to_keep": Text(
        "No column of this row that is kept has a value.",
        "Ни в одном из сохраняемых столбцов этой строки нет значения.",
    ),
    "ambiguous": Text(
        "This row fits two different people: its number, e-mail and phone point to more than one.",
        "Строка подходит двум разным людям: номер, почта и телефон указывают не на одного.",
    ),
}
VALUE_CODES: dict[str, Text] = {  # the value is kept as written, or converted, and reported
    "email_invalid": Text(
        "Not an e-mail address. Kept as written, marked unverified; nobody is found by it.",
        "Это не адрес почты. Сохранено как есть, не проверено; поиск по нему не работает.",
    ),
    "phone_invalid": Text(
        "Not a phone number in use. Kept as written, marked unverified; nobody is found by it.",
        "Такого номера телефона не бывает. Сохранён как есть, не проверен; поиск не работает.",
    ),
    "phone_rounded": Text(
        "A spreadsheet rounded this phone number (4.9E+12): its last digits are lost. Format the "
        "column as text and export again.",
        "Таблица округлила номер телефона (4.9E+12): последние цифры потеряны. Задайте столбцу "
        "текстовый формат и выгрузите снова.",
    ),
    "number_rounded": Text(
        "A spreadsheet rounded this number: its last digits are lost. Format the column as text "
        "and export again.",
        "Таблица округлила этот номер: последние цифры потеряны. Задайте столбцу текстовый "
        "формат и выгрузите снова.",
    ),
    "number_invalid": Text(
        "Not an order or customer number. Kept as written; nobody is found by it.",
        "Это не номер заказа или клиента. Сохранено как есть; поиск по нему не работает.",
    ),
    "date_serial": Text(
        "A spreadsheet's day number, read as counted from 1900. Check one of them.",
        "Номер дня из таблицы, прочитан со счётом от 1900 года. Проверьте один из них.",
    ),
    "date_unclear": Text(
        "Not a date with day, month and four-digit year. Kept as written.",
        "Это не дата с днём, месяцем и годом из четырёх цифр. Сохранено как есть.",
    ),
    "not_a_number": Text("Not a number. Kept as written.", "Это не число. Сохранено как есть."),
    "not_yes_or_no": Text(
        "Neither yes nor no. Kept as written.", "Не «да» и не «нет». Сохранено как есть."
    ),
    "differs": Text(
        "Differs from what is already kept; the kept value stays.",
        "Отличается от уже сохранённого; осталось сохранённое.",
    ),
}
FILE_CODES: dict[str, Text] = {  # nothing of the file is read
    "file_empty": Text("The file is empty.", "Файл пуст."),
    "file_columns": Text(
        "The heading has more than 512 columns.", "В заголовке больше 512 столбцов."
    ),
    "file_json_array": Text(
        "This is one JSON array. Write one object a line (JSONL).",
        "Это один массив JSON. Запишите по одному объекту в строке (JSONL).",
    ),
    "file_binary": Text(
        "This is not a text table but a program's own file (XLSX, ZIP, PDF …). Save it as CSV.",
        "Это не текстовая таблица, а файл программы (XLSX, ZIP, PDF …). Сохраните его как CSV.",
    ),
    "file_heading": Text(
        "The first row cannot be read as a heading.",
        "Первую строку нельзя прочитать как заголовок.",
    ),
}
CODES: dict[str, Text] = {**ROW_CODES, **VALUE_CODES, **FILE_CODES}


def sentence(code: str, lang: Lang) -> str:
    """What the code says.

    Raises:
        KeyError: a code that is not in the tables: a bug.
    """
    return CODES[code].get(lang)

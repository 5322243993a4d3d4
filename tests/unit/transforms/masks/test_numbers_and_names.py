"""What masks make of phones, numbers, names, dates, bytes, ids and arrays."""

import re
import zlib
from datetime import date

import pytest

from tests.unit.transforms.masks.masker import MASKER, UUID, masked
from transforms.masks import Masker, shapes


def test_spellings_of_a_phone_number_stay_spellings_of_one():
    new = masked("phone", "9876543210")
    assert re.fullmatch("[6-9][0-9]{9}", new) and new != "9876543210"
    assert masked("phone", "+91 98765 43210") == f"+91 {new[:5]} {new[5:]}"
    assert masked("phone", "09876543210") == f"0{new}"
    assert masked("phone", "(98765) 43-210") == f"({new[:5]}) {new[5:7]}-{new[7:]}"


@pytest.mark.parametrize(
    ("text", "code"), [("+1 415 555 0100", "+1 "), ("+44 20 7946 0", "+44 "), ("+353 1 234567", "+353 "), ("+12", "+")]
)
def test_a_country_code_stays_where_a_number_follows(text, code):
    new = masked("phone", text)
    assert new.startswith(code) and new != text
    assert re.sub("[0-9]", "9", new) == re.sub("[0-9]", "9", text)


@pytest.mark.parametrize("kind", ["phone", "number"])
@pytest.mark.parametrize("number", [1, 9, 10, 400001, 32767, 2147483647, 2000000000, 9876543210])
def test_a_number_in_an_integer_column_fits_it_still(kind, number):
    new = masked(kind, str(number))
    assert str(int(new)) == new and new != str(number)
    for most in (2**15, 2**31, 2**63):
        assert number >= most or int(new) < most or len(new) < len(str(most))


def test_a_number_keeps_its_zeros_at_both_ends():
    assert re.fullmatch(r"00[1-9]\d[1-9]00", masked("number", "0012300"))
    assert re.fullmatch(r"-[1-9]\.[1-9]0", masked("number", "-1.50"))
    assert masked("number", "0.00") == "0.00"


def test_an_id_that_refers_to_something_stays():
    assert [masked("id", text) for text in (UUID, "123456")] == [UUID, "123456"]
    assert masked("id", "cus_8sd7f6") != "cus_8sd7f6"
    assert masked("id", "9876543") != "9876543"


def test_a_name_is_made_up_and_can_be_spoken():
    new = masked("name", "Priya Sharma")
    assert re.fullmatch("[A-Z][a-z]{7,15} [A-Z][a-z]{7,15}", new)
    assert all(re.search("[aeiou]", new[at : at + 4]) for at in range(len(new) - 4))
    assert masked("name", "PRIYA SHARMA") == new.upper()
    assert masked("name", "priya   sharma") == new.lower().replace(" ", "   ")


def test_initials_and_numbers_in_a_name_become_others():
    new = masked("name", "Dr. A. P. Kalam Rao 17")
    assert re.fullmatch(r"[A-Z][a-z]\. [A-Z]\. [A-Z]\. [A-Z][a-z]+ [A-Z][a-z]+ \d\d", new)
    assert not new.endswith("17")


@pytest.mark.parametrize("text", ["Madonna", "रवि कुमार", "李小龙", "Al Bo", "Anna Maria Sofia Clara Eva", "a" * 200])
def test_a_name_without_enough_words_keeps_its_form(text):
    new = masked("name", text)
    assert len(new) == len(text) and new != text


def test_a_name_fits_its_column():
    assert len(masked("name", "Priya Sharma", 60)) > 12
    assert len(masked("name", "Priya Sharma", 12)) == 12


@pytest.mark.parametrize(
    "text", ["1990-02-03", "2024-02-29", "0001-01-01", "9999-12-31", "2024-12-31 10:00:00.5+05:30"]
)
def test_a_date_becomes_another_day_of_its_year(text):
    new = masked("date", text)
    assert date.fromisoformat(new[:10]) != date.fromisoformat(text[:10])
    assert (new[:4], new[10:]) == (text[:4], text[10:])


def test_days_of_a_year_stay_different_days():
    days = {masked("date", str(date.fromordinal(date(2024, 1, 1).toordinal() + n))) for n in range(366)}
    assert len(days) == 366 and all(shapes.day_of(day) for day in days)


@pytest.mark.parametrize("text", ["infinity", "-infinity"])
def test_an_endless_time_stays(text):
    assert masked("date", text) == text


@pytest.mark.parametrize("text", ["0044-03-15 BC", "12024-02-29", "0001-02-29 BC"])
def test_dates_that_python_has_not(text):
    new = masked("date", text)
    assert new != text and shapes.day_of(new)
    assert (new[: text.index("-")], new[10:]) == (text[: text.index("-")], text[10:]) or text[:5] == new[:5] == "12024"


@pytest.mark.parametrize("text", ["1990-13-03", "2023-02-29", "3 May 1990"])
def test_what_is_no_date_becomes_none(text):
    for n in range(50):
        assert not shapes.day_of(Masker(b"%d" % n).function("date")(text))


def test_bytes_stay_bytes():
    new = masked("bytes", r"\xdeadbeef00")
    assert re.fullmatch(r"\\x[0-9a-f]{10}", new) and new != r"\xdeadbeef00"
    assert masked("bytes", r"\x") == r"\x"
    assert bytes.fromhex(masked("bytes", r"\x" + "00" * 100)[2:]) != bytes(100)


@pytest.mark.parametrize(
    "text", ["08:00:2b:01:02:03", "08-00-2B-01-02-03", "0800.2b01.0203", "08002b:010203", "08002b010203", UUID]
)
def test_hexadecimal_numbers_stay_such_digit_by_digit(text):
    new = masked("hex", text)
    assert shapes.HEX.fullmatch(new) and new != text
    assert re.sub("[0-9]", "0", re.sub("[A-Fa-f]", "a", new)) == re.sub("[0-9]", "0", re.sub("[A-Fa-f]", "a", text))


@pytest.mark.parametrize(
    "text", ["unknown", "Asha Kumari", "G", "xyz", "0x12ab34cd", "08:00:2b:01:02:0g", "deaf", "a@b.in"]
)
def test_what_is_no_hexadecimal_number_is_masked_as_a_text_and_becomes_none(text):
    for n in range(20):
        new = Masker(b"%d" % n).function("hex")(text)
        assert new != text and not shapes.HEX.fullmatch(new)


@pytest.mark.parametrize("text", [UUID, UUID.upper(), f"{{{UUID}}}", UUID.replace("-", "")])
def test_a_uuid_in_a_text_becomes_another(text):
    new = masked("text", text)
    assert shapes.of(new) == "uuid" and new.lower() != text.lower()
    assert masked("text", text.lower()) == new.lower()


def test_an_array_keeps_its_shape():
    array = MASKER.array("text")
    x, null = masked("text", "x"), masked("text", "NULL")
    assert array('{x,NULL,"NULL","",null}') == f'{{"{x}",NULL,"{null}","",null}}'
    assert array("[0:1][-1:0]={{x,x},{NULL,x}}") == f'[0:1][-1:0]={{{{"{x}","{x}"}},{{NULL,"{x}"}}}}'
    assert array(r'{"x, \"\\x"}') == '{"' + masked("text", r'x, "\x').replace("\\", "\\\\").replace('"', '\\"') + '"}'
    assert array("{}") == "{}"


def test_a_long_array_is_as_easily_compressed_as_it_was():
    """Behind its beginning elements are masked together; ids among them stay, and so does what tells arrays apart."""
    mask = MASKER.array("id")
    words = [f"name {n}" for n in range(500)]
    first, second = (mask("{" + ",".join(f'"{word}"' for word in found) + "}") for found in (words, [*words, "name x"]))
    assert len(zlib.compress(first.encode())) < len(zlib.compress(",".join(words).encode()))
    assert first[:400] == second[:400] and second[: len(first) - 1] != first[:-1]
    assert mask("{" + ",".join(["abcdef"] * 300 + ["7"]) + "}").endswith(',"7"}')

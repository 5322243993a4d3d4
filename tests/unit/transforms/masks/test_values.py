"""What each kind of mask makes of single values: addresses, numbers, names, links, dates, and odd texts."""

import ipaddress
import re
import unicodedata
import zlib
from datetime import date

import pytest

from transforms.masks import Masker, addresses, documents, shapes

MASKER = Masker(b"a key of the tests")
UUID = "d0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
NAUGHTY = [
    "NULL", r"\N", "line one\nline two", "tab\there", "carriage\r\nreturn", "O'Brien said \"hi\"", "back\\slash\\",
    '{"a": "1"}', '{NULL,"x"}', "%s %d %%", "<b>bold</b> & more", "'; drop table users; --", "Ünïcödé – Zürich",
    "日本語のテキスト", "مرحبا بالعالم", "zero\u200bwidth", "bell\x07", "\ufeffbom", "e\u0301 is not \u00e9",
    "leading and trailing", "NaN", "1e309", "true", "long " * 1200, "½", "ǅ", "ß", "7", "x", "😀 hi 👩‍👩‍👧",
    "नमस्ते दुनिया", "ⅣⅧ", "٣٤٥", "\U0001e922", "𝟘𝟙",
]  # fmt: skip


def masked(kind: str, text: str, limit: int | None = None) -> str:
    return MASKER.function(kind, limit)(text)


def test_a_mask_hangs_on_its_key_and_on_nothing_else():
    again, other = Masker(b"a key of the tests"), Masker(b"another")
    for kind in ("email", "phone", "name", "text", "ip", "url", "date", "bytes"):
        assert again.function(kind)("1990-02-03") == masked(kind, "1990-02-03")
    assert other.function("text")("a sentence of some length") != masked("text", "a sentence of some length")


def test_an_empty_key_is_refused():
    with pytest.raises(ValueError, match="key"):
        Masker(b"")


@pytest.mark.parametrize("kind", ["null", "unknown", "function", ""])
def test_what_masks_no_value_is_refused_by_name(kind):
    with pytest.raises(ValueError, match=r"cannot|no value"):
        MASKER.function(kind)


def test_keep_keeps():
    assert masked("keep", "a@b.co") == "a@b.co"


@pytest.mark.parametrize(
    "kind", ["email", "phone", "name", "text", "id", "ip", "url", "json", "date", "number", "bytes"]
)
@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "...", "-", "😀", "\u200d", "🏳️‍🌈", r"\."])
def test_what_says_nothing_stays(kind, blank):
    assert masked(kind, blank) == blank


@pytest.mark.parametrize("kind", ["email", "phone", "name", "text", "ip", "url", "json"])
@pytest.mark.parametrize("text", NAUGHTY)
def test_no_odd_text_survives_or_is_lost(kind, text):
    new = masked(kind, text)
    assert new and (new != text or documents.is_json(text))
    assert masked(kind, f" {text}\n") == f" {new}\n"
    assert masked(kind, text) == new


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_text_keeps_its_form(text):
    new = masked("text", text)
    assert len(new) == len(text)
    assert len(new.encode()) == len(text.encode())
    for old, char in zip(text, new, strict=True):
        assert unicodedata.category(char) == unicodedata.category(old)
        assert (char == old) or unicodedata.category(old)[0] in "LNM"


def test_a_text_is_the_same_letters_in_whatever_case_and_with_whatever_signs():
    assert masked("text", "hello world") == masked("text", "HELLO WORLD").lower()
    assert masked("text", "Hello-World") == masked("text", "Hello World").replace(" ", "-")
    long = "A sentence that is too long to be permuted, as most are. "
    assert masked("text", long.upper()).lower() == masked("text", long).lower()


def test_no_letter_of_a_long_text_stays():
    text = "The quick brown fox jumps over 13 lazy dogs, über Äcker और खेत. " * 7
    pairs = zip(text, masked("text", text), strict=True)
    assert [old for old, new in pairs if old == new and old.isalnum()] == []


@pytest.mark.parametrize("kind", ["text", "name", "hex", "bytes", "url", "email", "json", "number", "phone"])
@pytest.mark.parametrize(
    "unit", ["a", "7", "नि", "The lazy dog of 1999 met asha@example.org, at last. ", "0123456789abcdef"]
)
def test_a_very_long_text_is_as_easily_compressed_as_it_was(kind, unit):
    """An index takes it compressed; two that differ in a letter differ still, and no word shows."""
    text = (unit * 100_000)[:200_000]
    text = "\\x" + text.encode().hex() if kind == "bytes" else text
    new = masked(kind, text)
    assert len(new) == len(text) and new != text and "asha" not in new and "lazy" not in new
    assert len(zlib.compress(new.encode(), 1)) <= 2 * len(zlib.compress(text.encode(), 1)) + 100
    assert masked(kind, text[:-1] + "b") != masked(kind, text[:-1] + "c")


@pytest.mark.parametrize("text", [r'["\uGGGG' + "x" * 600 + '"]', "[012" + ", 0" * 300 + "]", "[" * 600, "9" * 600])
def test_a_very_long_text_that_is_no_document_becomes_none(text):
    assert not documents.is_document(masked("json", text)) and not documents.is_document(masked("text", text))


@pytest.mark.parametrize("length", [1_000_000, 21, 40])
def test_texts_of_any_length(length):
    for letter in ("a", "नि", "."):
        text = letter * length
        assert len(masked("text", text)) == len(text)


def test_numbers_in_long_texts_are_nobodys():
    new = masked("text", "You can call me on +91 98765 43210 or on (022) 2345-6789, at any time of the day.")
    assert re.findall(r"\d[\d ()-]{6,}\d", new)[0].startswith("00 0")
    assert re.search(r"\(000\) \d{4}-\d{4}", new)


def test_numbers_and_addresses_in_short_texts_are_masked_by_themselves():
    """Permuted by itself, none can stay; permuted with what stands around it, one in ten millions would."""
    number = masked("text", "5554567")
    assert number != "5554567"
    assert [masked("text", text)[-7:] for text in ("to 5554567", "T-5554567", "x@y 5554567")] == [number] * 3
    assert len({masked("text", f"{word} a@b.co")[-6:] for word in ("to", "by", "cc", "hi")}) == 1


# Emails


def test_an_email_becomes_one_that_nobody_can_have():
    new = masked("email", "asha.rao@example.com")
    assert re.fullmatch(r"[a-z]{18}@[a-z]{12}\.example", new)
    assert masked("text", "asha.rao@example.com") == new
    assert masked("email", "ravi@Example.com").lower().partition("@")[2] == new.partition("@")[2]


def test_emails_that_differ_in_case_differ_in_case():
    spellings = [
        "asha@x.in",
        "Asha@x.in",
        "ASHA@x.in",
        "ASHA@X.IN",
        "asha@X.in",
        "A" * 40 + "@x.in",
        "aA" * 20 + "@x.in",
    ]
    new = [masked("email", text) for text in spellings]
    assert len(set(new)) == len(new)
    assert len({text.lower() for text in new}) == 2
    assert new[0] == new[0].lower()


def test_the_case_of_a_long_address_is_not_lost():
    start = "a" * 60
    new = [masked("email", text) for text in (f"{start}b@x.in", f"{start}B@x.in", f"{start}b@X.in", f"{start}B@X.in")]
    assert (len(set(new)), len({text.lower() for text in new})) == (4, 1)


def test_white_space_around_a_value_takes_room_too():
    assert len(masked("email", "  asha@x.in ", 36)) == 36
    assert len(masked("name", " Priya Sharma", 13)) == 13


@pytest.mark.parametrize(("limit", "length"), [(None, 39), (320, 39), (39, 39), (38, 38), (29, 29), (28, 9), (9, 9)])
def test_an_email_fits_its_column(limit, length):
    new = masked("email", "asha@x.in", limit)
    assert len(new) == length
    assert shapes.EMAIL.fullmatch(new)


@pytest.mark.parametrize("text", ["not an email", "a@b, c@d", "@x.in", "asha@", "Asha <asha@x.in>"])
def test_what_is_no_email_is_a_text(text):
    new = masked("email", text)
    assert len(new) == len(text)
    assert not shapes.LOOSE_EMAIL.fullmatch(new)


# Phones and numbers


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


# Names


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


# Addresses of the internet


@pytest.mark.parametrize(
    "text", ["192.0.2.5", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "::ffff:1.2.3.4", "fe80::1"]
)
def test_an_address_becomes_one_of_its_family(text):
    new = masked("ip", text)
    assert ipaddress.ip_address(new).version == ipaddress.ip_address(text).version
    assert new != text
    assert masked("ip", f"{text}/{ipaddress.ip_address(text).max_prefixlen}").partition("/")[0] == new


@pytest.mark.parametrize("text", ["198.51.100.0/24", "10.0.0.0/8", "2001:db8::/32", "128.0.0.0/1", "::/1"])
def test_a_network_stays_a_network_of_its_width(text):
    new = ipaddress.ip_network(masked("ip", text))
    assert new.prefixlen == ipaddress.ip_network(text).prefixlen
    assert str(new) != text


def test_an_address_with_a_width_does_not_become_a_network():
    new = [masked("ip", f"192.0.2.{n}/30") for n in range(256) if n % 4]
    assert len(set(new)) == 192
    assert all(int(text.split("/")[0].split(".")[3]) % 4 for text in new)


@pytest.mark.parametrize("text", ["10/8", "010.1.1.1", "1.2.3/24", "1:2:3:4:5:6:007:8", "::1.2."])
def test_an_address_in_another_form_keeps_it(text):
    new = masked("ip", text)
    assert new != text and shapes.is_address(new) == shapes.is_address(text)
    assert re.sub("[0-9a-f]", "0", new) == re.sub("[0-9a-f]", "0", text)


@pytest.mark.parametrize(
    "text",
    [
        "unknown",
        "999.1.2.3",
        "10.0.0.1:443",
        "fe80::1%eth0",
        "256",
        "1.2.3.4, 5.6.7.8",
        "1.2.3",
        "10/33",
        "9/17",
        "300/8",
    ],
)
def test_what_is_no_address_becomes_none(text):
    for n in range(50):
        assert not shapes.is_address(Masker(b"%d" % n).function("ip")(text))


def test_an_address_without_room_keeps_its_form():
    assert len(masked("ip", "1.2.3.4", 7)) == 7
    assert len(masked("ip", "2001:db8::1", 11)) == 11


# Links


def test_a_link_keeps_what_makes_it_a_link():
    new = masked("url", "https://ravi:secret@www.Example.org:8443/u/ravi%20rao/photo.JPG?size=40#top")
    assert re.fullmatch(
        r"https://[a-z]{4}:[a-z]{6}@[a-zA-Z]{12}\.example:8443/[a-z]/[a-z]{4}%20[a-z]{3}/[a-z]{5}\.JPG"
        r"\?[a-z]{4}=\d\d#[a-z]{3}",
        new,
    )
    assert masked("text", "https://x.org/a") == masked("url", "https://x.org/a")


def test_links_to_one_host_stay_links_to_one_host():
    hosts = {masked("url", f"https://x.org/{n}").split("/")[2] for n in range(20)}
    assert hosts == {masked("email", "a@x.org").partition("@")[2]}


def test_a_path_keeps_the_ending_of_its_file():
    assert re.fullmatch(r"/[a-z]{9}/\d+\.pdf", masked("url", "/documents/17.pdf"))
    assert not masked("url", "john.smith").endswith(".smith")
    assert masked("url", ".pdf") != ".pdf"
    assert not [n for n in range(3000) if addresses.ENDING.search(masked("url", f"{n}.zop"))]
    assert masked("url", "https://") != "https://"


def test_what_stands_escaped_in_a_link_is_masked_as_what_it_means():
    new = masked("url", "https://x.org/%E0%A4%B0%E0%A4%B5%E0%A4%BF.png")
    assert re.fullmatch(r"https://[a-z]{12}\.example/(%E0%A[45]%[0-9A-F]{2}){3}\.png", new)
    assert "%E0%A4%B0%E0%A4%B5%E0%A4%BF" not in new
    assert masked("url", "/a/%FF%20").endswith("/%FF%20")


def test_a_link_fits_its_column():
    new = masked("url", "https://x.org/a", 15)
    assert re.fullmatch(r"https://[a-z]\.[a-z]{3}/[a-z]", new)


# Dates, bytes, arrays


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

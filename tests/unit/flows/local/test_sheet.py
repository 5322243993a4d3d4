"""CSV: what a spreadsheet would run, what a terminal would obey, and how little of it is held at once."""

import resource
import sys

import pytest

from flows.local import sheet


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("=1+1", "'=1+1"), ("+49 170", "'+49 170"), ("@x", "'@x"), ("-x", "'-x"), ("\t=1", "'\t=1"), ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"), ("\uff1d1", "'\uff1d1"), ("-5", "-5"), ("-1.5e-3", "-1.5e-3"), (-5, "-5"),
        ("-5+cmd|' /C calc'!A0", "'-5+cmd|' /C calc'!A0"),
        ("x=1", "x=1"), ("", ""), (None, ""), ("'x", "'x"), ("-\u0661", "'-\u0661"),
    ],
)  # fmt: skip
def test_a_formula_is_a_text_and_a_number_a_number(cell, wanted):
    assert sheet.guarded(cell) == wanted


def test_lines_are_as_rfc_4180_has_them(tmp_path):
    assert sheet.write(str(tmp_path / "x"), ("a", "b"), [('say "no"', "1,2\r\n3"), (None, "é\x1b")]) == 2
    assert (tmp_path / "x").read_bytes().decode() == 'a,b\r\n"say ""no""","1,2\r\n3"\r\n,é\x1b\r\n'


def test_on_a_terminal_nothing_moves_the_cursor(capfdbinary, monkeypatch):
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True, raising=False)
    sheet.write("-", ("a",), [("\x1b[31mred\nline",)])
    assert capfdbinary.readouterr().out == b"a\r\n\\x1b[31mred\\nline\r\n"


def test_rows_pass_through_and_are_not_held(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sheet.write(str(tmp_path / "x"), ("a",), (("x" * 500,) for _ in range(100_000))) == 100_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # of 50 MB


def test_a_file_that_fails_half_way_is_not_there(tmp_path):
    def rows():
        yield ("x",)
        raise ValueError("the session is lost")

    with pytest.raises(ValueError, match="lost"):
        sheet.write(str(tmp_path / "x"), ("a",), rows())
    assert list(tmp_path.iterdir()) == []

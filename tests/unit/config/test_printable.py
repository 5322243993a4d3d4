"""Names of a foreign catalogue do nothing on a terminal, and JSON says the same with and without the escapes."""

import json
import subprocess

import pytest

from config import printable
from config.errors import PlanRefused

NASTY = 'a\nb\r\x1b[2J\x9b1m\u202eevil\u200b\u2028\ufeff\x7f"\\ é 𝒳'


def test_a_name_is_one_line_that_does_nothing():
    shown = printable.line(NASTY)
    assert shown == 'a\\nb\\r\\x1b[2J\\x9b1m\\u202eevil\\u200b\\u2028\\ufeff\\x7f"\\ é 𝒳'
    assert printable.line("x_back\\slash, ünï ☃") == "x_back\\slash, ünï ☃"


def test_a_block_keeps_its_own_lines():
    assert printable.block("create view x as\n\tselect \x1b[31m1") == "create view x as\n\\tselect \\x1b[31m1"


@pytest.mark.parametrize("text", [NASTY, "\udc80", "\U000e0041", ""])
def test_json_says_the_same(text):
    written = printable.json_text(json.dumps({text: text}, ensure_ascii=False))
    assert json.loads(written) == {text: text}
    assert printable.line(written) == written


@pytest.mark.parametrize("word", [f"law/{NASTY}", "it's; \\n $HOME", "a\nb'\\1", "tolerance/plain"])
def test_a_word_of_a_command_means_the_same_to_the_shell_that_it_is_pasted_into(word):
    pasted = f"printf %s {printable.line(printable.word(word))}"
    done = subprocess.run(["bash", "-c", pasted], capture_output=True, env={"LC_ALL": "C.UTF-8"})
    assert done.stdout.decode() == word
    assert printable.word("tolerance/plain") == "tolerance/plain"


def test_a_refusal_is_a_line_for_each_fault():
    refused = PlanRefused([f"{NASTY}: a fault", "another"])
    assert len(str(refused).splitlines()) == 3 and refused.faults[0].startswith(NASTY)

"""Modules that are imported once something of theirs is asked for; each case is a process of its own."""

import subprocess
import sys

import pytest

HEAVY = "scipy.stats._stats_py", "altair.vegalite"


def _said(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_suites_come_without_what_they_never_use():
    code = f"""
import sys
from checks.expectations import runner
sys.stdin.close()
try: runner._asked()
except ValueError: print([name for name in {HEAVY} if name in sys.modules], "great_expectations" in sys.modules)
"""
    assert _said(code) == "[] True"


@pytest.mark.parametrize(
    "used",
    [
        "from wsgiref import util; util.guess_scheme",
        "import wsgiref.util; wsgiref.util.guess_scheme",
        "import wsgiref.util as util; util.guess_scheme",
        "from wsgiref.util import guess_scheme",
    ],
)
def test_what_is_asked_for_is_imported(used):
    code = f"""
import sys
from checks.expectations.late import Late, import_late
import_late("wsgiref.util", "no_such_module")
from wsgiref import util
print(type(sys.modules["wsgiref.util"]) is Late, "no_such_module" in sys.modules)
{used}
print(type(sys.modules["wsgiref.util"]) is Late, util.guess_scheme({{}}))
"""
    assert _said(code).split() == ["True", "False", "False", "http"]


def test_what_is_imported_already_stays():
    code = "import wsgiref.util as real, sys; from checks.expectations import late; late.import_late('wsgiref.util'); "
    assert _said(code + "print(sys.modules['wsgiref.util'] is real)") == "True"

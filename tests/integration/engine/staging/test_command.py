"""`stage` as a command: what it plans, tells, and wants to be told."""

import json

import pytest
from click.testing import CliRunner

from config.errors import ConfigError
from flows.cli import main as cli
from flows.cli.command import GlobalOptions
from flows.local import staging_copy
from tests.support.copies import ask, do

KEY = "0123456789abcdef"


class TestTheCommand:
    @pytest.fixture
    def program(self, database, monkeypatch):
        source, copy = database(), database()
        do(
            source,
            "create table users (id integer primary key, full_name text)",
            "insert into users values (1, 'Ann Ray')",
        )
        for name, value in (("SOURCE_URL", source), ("STAGING_URL", copy), ("MASKING_KEY", KEY)):
            monkeypatch.setenv(f"NXTGAUGE_{name}", value)
        monkeypatch.delenv("NXTGAUGE_TARGET_URL", raising=False)

        def call(*arguments: str):
            return CliRunner().invoke(cli.cli, ["stage", *arguments], obj=GlobalOptions(), standalone_mode=False), copy

        return call

    def test_the_plan_copies_nothing(self, program):
        done, copy = program("--plan", "--json")
        assert done.return_value == 0
        assert json.loads(done.stdout)["columns"][1] | {"why": ""} == {
            "table": "users", "column": "full_name", "kind": "name", "why": "",
        }  # fmt: skip
        assert ask(copy, "select to_regnamespace('nxtgauge_staging')") == [(None,)]

    @pytest.mark.parametrize("percent", [0.0, -5.0, 100.5, float("nan")])
    def test_a_share_that_is_none(self, percent):
        with pytest.raises(ConfigError, match=r"percent is .*; wanted one above 0 and up to 100"):
            staging_copy.wish(percent)
        assert staging_copy.wish(0.5).percent == 0.5 and staging_copy.wish(100).percent is None

    def test_a_copy_is_told_of(self, program):
        done, copy = program()
        assert done.return_value == 0
        assert ["users", "1", "1", "1"] in [line.split()[:4] for line in done.stdout.splitlines()]
        assert "proven: 1 masked cells" in done.stdout
        assert "Ann Ray" not in done.output and ask(copy, "select full_name <> 'Ann Ray' from users") == [(True,)]

    def test_an_unmasked_copy_needs_a_reason_and_a_name(self, program):
        for arguments in (("--unmasked",), ("--unmasked", "--reason", "x"), ("--reason", "x"), ("--by", "me")):
            done, copy = program(*arguments)
            assert isinstance(done.exception, ConfigError), arguments
        assert ask(copy, "select to_regnamespace('nxtgauge_staging')") == [(None,)]
        done, copy = program("--unmasked", "--reason", "the DPO agreed", "--by", "Asha Rao")
        assert "unmasked, for Asha Rao: the DPO agreed" in done.stdout
        assert ask(copy, "select full_name from users") == [("Ann Ray",)]
        assert ask(copy, "select reason, name from nxtgauge_staging.copies") == [("the DPO agreed", "Asha Rao")]

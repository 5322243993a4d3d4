"""A waiver opens one gate, by name, and is told for ever; what closes and opens on the command line."""

import json
import logging

import psycopg
import pytest

from checks.verdict import ERROR, FAIL
from config import settings as configuration
from config.errors import ConfigError
from config.settings import Settings
from engine import operations, run
from engine.gates import gates
from engine.start.options import Options
from flows.cli import main as cli
from flows.runs import work
from tests.integration.engine.gates import runs
from tests.integration.engine.gates.runs import CLOSED, is_published, refused, waive
from tests.support.auditors import saying, trusting

SOURCE = runs.SOURCE


@pytest.fixture(scope="module")
def shut(module_database) -> tuple[Settings, str]:
    """Settings of a run that closed gates have refused, and its id; tests leave it as it is."""
    urls = {"NXTGAUGE_SOURCE_URL": module_database(), "NXTGAUGE_TARGET_URL": module_database()}
    with psycopg.connect(urls["NXTGAUGE_SOURCE_URL"], autocommit=True) as conn:
        conn.execute(SOURCE)
    settings = configuration.load("demo", urls)
    return settings, refused(settings, saying(**CLOSED)).summary.run_id


class TestWaiver:
    def test_it_opens_one_gate_of_one_build_and_is_told_for_ever(self, settings, target):
        run_id = refused(settings, saying(content__users=FAIL, law__roots=FAIL)).summary.run_id
        waiver = waive(settings, run_id, reason=" known \n since May ", name=" Asha  R. ")
        assert (waiver["reason"], waiver["name"], waiver["is_current"]) == ("known since May", "Asha R.", True)
        error = refused(settings, saying(content__users=FAIL, law__roots=FAIL), run_id=run_id)
        assert "law/roots" in str(error) and "content/users" not in str(error)
        waive(settings, run_id, "law/roots")
        (found,) = operations.status(settings)
        assert found["closed_gates"] == [] and len(found["waivers"]) == 2
        auditor = saying(content__users=FAIL, law__roots=FAIL)
        summary = run.migrate(settings, Options(auditor=auditor, run_id=run_id))
        assert summary.state == "published" and len(auditor.cases) == 1
        assert {g["check_name"]: g["waived_by"] for g in summary.gates} == {
            "content/users": "Asha R.",
            "law/roots": "Asha",
        }
        assert [w["is_current"] for w in summary.waivers] == [True, True]
        assert json.loads(json.dumps(summary.to_dict()))["waivers"][0]["reason"] == "known since May"
        run.migrate(settings, Options(auditor=trusting))
        run.migrate(settings, Options(auditor=trusting))  # the waived one has left __previous
        kept = gates.waivers(target, run_id)
        assert [(w["check_name"], w["is_current"]) for w in kept] == [("content/users", False), ("law/roots", False)]

    @pytest.mark.parametrize(
        ("values", "why"),
        [
            ({"run_id": "20200101-000000-beef"}, "there is no run 20200101-000000-beef"),
            ({"check": "content/jobs"}, "has no gate content/jobs; closed are: content/users"),
            ({"check": "law/roots"}, "is open; closed are: content/users"),
            ({"check": "verification"}, "a verification that was not made cannot be waived"),
            ({"reason": " \n "}, "--reason is blank"),
            ({"name": ""}, "--by is blank"),
        ],
    )
    def test_what_cannot_be_waived_is_refused(self, shut, values, why):
        settings, run_id = shut
        with pytest.raises(ConfigError, match=why):
            waive(settings, **{"run_id": run_id} | values)
        with psycopg.connect(settings.target.conninfo) as conn:
            assert gates.waivers(conn, run_id) == []

    def test_twice_is_once(self, settings):
        run_id = refused(settings, saying(**CLOSED)).summary.run_id
        waive(settings, run_id)
        with pytest.raises(ConfigError, match="waived already, by Asha"):
            waive(settings, run_id, name="Bela")

    def test_what_is_published_has_nothing_to_waive(self, settings):
        run_id = run.migrate(settings, Options(auditor=trusting)).run_id
        with pytest.raises(ConfigError, match="is published and has no build"):
            waive(settings, run_id)

    def test_where_nothing_was_ever_run_there_is_nothing_to_waive(self, settings, target):
        with pytest.raises(ConfigError, match="there is no run x"):
            waive(settings, "x")
        assert target.execute("select to_regnamespace('migration')").fetchone() == (None,)

    def test_a_verification_not_made_is_not_waived_by_waiving_all_else(self, settings, target):
        run_id = refused(settings, saying(level="counts", **CLOSED)).summary.run_id
        waive(settings, run_id)
        assert "verification (error)" in str(refused(settings, run_id=run_id))
        assert not is_published(target)


class TestCommands:
    @pytest.fixture(autouse=True)
    def surroundings(self, monkeypatch, environ, tmp_path):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
        monkeypatch.chdir(tmp_path)
        handlers = logging.getLogger().handlers[:]
        yield
        logging.getLogger().handlers[:] = handlers

    def test_closed_gates_are_listed_and_waived_by_name(self, settings, capsys):
        run_id = refused(settings, saying(**CLOSED, content__roles=ERROR)).summary.run_id
        again = f"nxtgauge-migrate migrate --run {run_id}"
        waiver = f'nxtgauge-migrate waive {run_id} content/roles --reason "…" --by NAME'
        assert cli.main(["status"]) == 0
        told = capsys.readouterr().out
        assert f"run {run_id}: content/users is closed: 1 of 12 rows differs in name" in told and waiver in told
        assert cli.main(["waive", run_id, "content/users", "--reason", "known", "--by", "Asha"]) == 0
        first, *rest = capsys.readouterr().out.splitlines()
        assert first.startswith("content/users was waived by Asha") and rest[-1] == f"then: {again}"
        assert rest[0].startswith("closed yet: 1;") and rest[1].startswith("content/roles is closed: ")
        assert rest[2:4] == [f"    `{again}` judges it again, once its cause is mended", f"    {waiver}"]
        assert cli.main(["waive", run_id, "content/roles", "--reason", "known", "--by", "Asha", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        given = {"check_name": "content/roles", "reason": "known", "name": "Asha", "is_current": True}
        assert given.items() <= found.items() and found["closed_gates"] == []
        assert cli.main(["status"]) == 0
        told = capsys.readouterr().out
        assert "content/users was waived by Asha" in told and "is closed" not in told

    @pytest.mark.parametrize("missing", ["--reason", "--by"])
    def test_a_waiver_without_reason_or_name_is_a_usage_error(self, capsys, missing):
        given = {"--reason": "known", "--by": "Asha"}
        given.pop(missing)
        assert cli.main(["waive", "x", "y", *(text for pair in given.items() for text in pair)]) == 2
        assert missing in capsys.readouterr().err

    def test_a_refused_run_ends_with_6_and_leaves_its_reports(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setattr(work, "auditor", lambda _, **__: saying(**CLOSED))
        assert cli.main(["--profile", "demo", "migrate", "--json"]) == 6
        error = json.loads(capsys.readouterr().out)["error"]
        assert "content/users (failed)" in error["faults"][0] and error["reports"]
        assert all((tmp_path / path).is_file() for path in error["reports"])

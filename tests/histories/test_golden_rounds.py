"""Some golden cases are followed through histories, the same at every call.

`make rounds ARGS=--golden` follows them all, by seeds of one's own.
"""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from engine.following.round import Anew
from tests.golden.cases import ROOT, settings_of
from tests.histories import golden
from tests.histories.playing import built, compared, following

SOME = golden.FOLLOWED[::55]


@pytest.mark.parametrize("case", SOME, ids=golden.name_of)
def test_a_build_follows_a_golden_case(case: Path, database: Callable[..., str]) -> None:
    played = golden.play(case, database(), database(), database, seed="1", rounds=1)
    assert played.faults == [] and played.rounds == 1


FREE = """
    alter table user_settings alter id drop identity;
    create sequence numbers start 100;
    alter table user_settings alter id set default nextval('numbers')
"""


@pytest.mark.parametrize(("change", "sequence"), [("", "user_settings_id_seq"), (FREE, "numbers")], ids=["own", "free"])
def test_a_made_row_has_the_number_that_a_sequence_gives_now(
    change: str, sequence: str, database: Callable[..., str]
) -> None:
    """A sequence that went on without a row, as an insert that was rolled back leaves it."""
    settings = settings_of(ROOT / "identity" / "settings_to_preferences", source := database(), database())
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute((ROOT / "identity" / "settings_to_preferences" / "source.sql").read_text())
        conn.execute(change)
        with following(settings, built(settings)) as session:
            assert compared(session, database)[1] == []
            conn.execute("select nextval(%s)", [sequence])
            assert compared(session, database)[1] == []


def test_ids_of_another_form_make_the_build_anew(database: Callable[..., str]) -> None:
    """Of the users' ids, which are texts, most are UUIDs; then most are none."""
    settings = settings_of(case := ROOT / "identity" / "text_reference_orphan", source := database(), database())
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute((case / "source.sql").read_text())
        with following(settings, built(settings)) as session:
            conn.execute("insert into users values ('one'), ('two')")
            with session.snapshot() as held, pytest.raises(Anew, match="ids that are texts"):
                session.round(held)

"""Connection strings: every form of libpq's, no secret in any error or printed form."""

import copy
import pickle
import traceback

import pytest
from psycopg.conninfo import conninfo_to_dict

from config.errors import ConfigError
from config.postgres.connection import parse


@pytest.mark.parametrize(
    ("text", "values", "shown"),
    [
        ("postgresql://h/d", {"host": "h", "dbname": "d"}, "h/d"),
        ("postgres://u:p@h:1/d", {"user": "u", "password": "p", "host": "h", "port": "1", "dbname": "d"}, "u@h:1/d"),
        ("postgresql+psycopg://u:p%40@h/d", {"user": "u", "password": "p@", "host": "h", "dbname": "d"}, "u@h/d"),
        ("postgresql://u:1?2@h/d", {"user": "u", "password": "1?2", "host": "h", "dbname": "d"}, "u@h/d"),
        ("POSTGRESQL+asyncpg://h/d", {"host": "h", "dbname": "d"}, "h/d"),
        ("postgresql://%2Fvar%2Frun/d", {"host": "/var/run", "dbname": "d"}, "/var/run/d"),
        ("postgresql:///d?host=/tmp/x&port=6", {"host": "/tmp/x", "port": "6", "dbname": "d"}, "/tmp/x:6/d"),
        ("postgresql://h1:1,h2:2/d", {"host": "h1,h2", "port": "1,2", "dbname": "d"}, "h1:1,h2:2/d"),
        ("postgresql://h1,h2/d?port=7", {"host": "h1,h2", "port": "7", "dbname": "d"}, "h1:7,h2:7/d"),
        ("postgresql://[::1]:5/d", {"host": "::1", "port": "5", "dbname": "d"}, "[::1]:5/d"),
        ("postgresql://u@h/d?user=me@x", {"user": "me@x", "host": "h", "dbname": "d"}, "me@x@h/d"),
        (
            "postgresql://h/d?options=-c%20a%3Db&sslmode=require",
            {"host": "h", "dbname": "d", "options": "-c a=b", "sslmode": "require"},
            "h/d",
        ),
        (r"host=h dbname='a b\'c' password='p w'", {"host": "h", "dbname": "a b'c", "password": "p w"}, "h/a b'c"),
        ("service=legacy", {"service": "legacy"}, "service legacy"),
        ("  dbname=d\n", {"dbname": "d"}, "the default host/d"),
        ("hostaddr=10.0.0.1 user=u", {"hostaddr": "10.0.0.1", "user": "u"}, "u@10.0.0.1"),
    ],
)
def test_every_form_of_libpq(text, values, shown):
    connection = parse(text, "NXTGAUGE_SOURCE_URL")
    assert conninfo_to_dict(connection.conninfo) == values
    assert connection.redacted == str(connection) == shown


SECRET = "hunter2"
MALFORMED = [
    "",
    " ",
    SECRET,
    f"postgresql://u:{SECRET}@ss@h/d",
    f"postgresql://u:12/{SECRET}@h/d",
    f"postgresql://u:1?{SECRET}@ss@h/d",
    f"postgresql://u:{SECRET}#x/y@h/d",
    f"postgresql://u:{SECRET}%zz@h/d",
    f"postgresql://u:p@h:{SECRET}/d",
    f"postgresql://u:p@h:0/d?password={SECRET}",
    f"postgresql://u:p@h:65536/d?password={SECRET}",
    f"postgresql://h/d?{SECRET}=1",
    f"postgresql+psycopg:/u:{SECRET}@h/d",
    f"mysql://u:{SECRET}@h/d",
    f"host=h password={SECRET} word",
    f"host=h password='{SECRET}",
    f"host=h pasword={SECRET}",
    f"host=h password={SECRET}\0",
]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_wrong_is_said_without_the_text(text):
    with pytest.raises(ConfigError) as caught:
        parse(text, "NXTGAUGE_SOURCE_URL")
    message = str(caught.value)
    assert message.startswith("NXTGAUGE_SOURCE_URL ") and ("wanted" in message or "%40" in message)
    assert SECRET not in message
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_no_printed_form_shows_a_password():
    connection = parse(f"postgresql://u:{SECRET}@h/d?sslpassword=other9", "NXTGAUGE_SOURCE_URL")
    assert SECRET not in f"{connection} {connection!r} {copy.copy(connection)!r} {[connection]}"
    assert connection.redact(f"{SECRET} and other9 failed") == "*** and *** failed"


def test_a_connection_travels_to_workers():
    connection = parse("postgresql://u:p@h/d", "NXTGAUGE_SOURCE_URL")
    assert pickle.loads(pickle.dumps(connection)) == connection

"""is_inet says of every text what PostgreSQL's inet input says."""

import itertools
import random

import pandas as pd
import psycopg
import pytest

from transforms.audit import is_inet, is_ipv6
from transforms.outcome import TEXT

ACCEPTS = """
create function pg_temp.accepts(ip text) returns boolean language plpgsql as $$
begin
    perform ip::inet;
    return true;
exception when others then
    return false;
end $$
"""

NAUGHTY = """
0.0.0.0 255.255.255.255 256.0.0.1 1.2.3.999 1.2.3 1.2 1 1.2.3.4.5 1.2.3.4. 1.2.3.4.. .1.2.3.4 1..2.3 1.2.3. 1. . ..
001.002.003.004 0000000010.0.0.1 08.09.010.011 0x7f.0.0.1 0x7f000001 2130706433 1e1.2.3.4 -1.2.3.4 +1.2.3.4 1.2.3.4/0
1.2.3.4/32 1.2.3.4/33 1.2.3.4/ 1.2.3.4/08 1.2.3.4/032 1.2.3.4/000000000032 1.2.3.4/-1 1.2.3.4/a 1.2.3.4/8/8 1.2.3.4./8
10/8 10/7 10/0 10/15 10/16 10./8 10./15 10./16 10.1/16 10.1/23 10.1/24 10.1./16 10.1.2/24 10.1.2/31 10.1.2/32
10.1.2./31 /8 1.2.3.4/255.255.255.0 1.2.3.4:80 1.2.3.4:8080/24 [1.2.3.4] 1.2.3.4%eth0 1.2.3.4, 1.2.3.4,5.6.7.8 1,2,3,4
:: ::1 1:: ::/0 ::/128 ::/129 ::/00 ::/01 ::/ ::/a ::/-1 ::1/64/64 ::0/012 : ::: :::: 1: :1 1:2 :1:: ::1: ::1:/64
1:/64 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7: 1:2:3:4:5:6:7:8: 1:2:3:4:5:6:7:8:/64
1:2:3:4:5:6:7:/64 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 ::1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:8:: 1:2:3:4::5:6:7:8 1::2::3 1:::2
1:::/64 1::/64 1:2::/64 2001:db8::1 2001:DB8::1 2001:dB8::A 12345::1 0001:00002::1 g::1 ::g fe80::1%eth0
fe80::1%25eth0 [::1] [::1]:80 ::1. ::1.2.3.4 ::1.2.3 ::1.2 ::1.2. ::1.2./64 ::1.2.3.4/128 ::1.2.3.4/129 ::1.2.3.4/
::1.2.3.4/04 ::1.2.3.4. ::1.2.3.4./64 ::01.2.3.4 ::1.02.3.4 ::0.0.0.0 ::256.2.3.4 ::1..2 ::1..2/64 ::.1.2.3 ::.1 ::.
::./64 ::.. ::1.2.3.4.5 ::1.2.3.4.5/8 ::.... ::1.2.3.4:5 1.2.3.4:: 1.2.3.4::1 1.2:3 1:2:3:4:5:6:1.2.3.4
1:2:3:4:5:6:7:1.2.3.4 1:2:3:4:5:1.2.3.4 1::5:6:7:1.2.3.4 1:2:3:4:5::1.2.3.4 1:2:3:4:5:6::1.2.3.4 ::ffff:1.2.3.4
::ffff:1.2.3.4/96 ::FFFF:127.0.0.1 64:ff9b::192.0.2.33 ::a.1.2.3 ::12345 ::00001 ::1/1.2 1.2.3.4/::1 1.2.3.4/1:
::1:1.2.3.4 1:.2.3.4 ::1:.2.3.4 localhost unknown null NULL none N/A - ? 0
"""
SPACED = [
    "",
    " ",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4\n",
    "\n1.2.3.4",
    "1.2.3.4\t",
    "::1 ",
    " ::1",
    "::1\n",
    "1.2.3.4 /8",
    "1. 2.3.4",
]
FOREIGN = ["١.٢.٣.٤", "1。2。3。4", "\uff11.2.3.4", "1.2.3.4\u200b", "é", "::é", "\ufeff1.2.3.4", "²::1", "1.2.3.²"]


@pytest.fixture
def postgres_accepts(postgres_url):
    """A function that asks PostgreSQL of many texts."""
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute(ACCEPTS)
        query = "select pg_temp.accepts(ip) from unnest(%s::text[]) with ordinality as each(ip, place) order by place"
        yield lambda texts: [row[0] for row in conn.execute(query, [texts])]


def disagreements(texts: list[str], postgres_accepts) -> list[tuple[str, bool]]:
    """(text, what PostgreSQL says) of every text that is_inet judges otherwise."""
    ours = is_inet(pd.Series(texts, dtype=TEXT))
    pairs = zip(texts, postgres_accepts(texts), ours.tolist(), strict=True)
    return [(text, theirs) for text, theirs, mine in pairs if theirs != mine]


def test_naughty_addresses_are_judged_as_postgresql_judges_them(postgres_accepts):
    assert disagreements(NAUGHTY.split() + SPACED + FOREIGN, postgres_accepts) == []


def test_every_prefix_is_judged_as_postgresql_judges_it(postgres_accepts):
    addresses = [
        "1",
        "1.",
        "1.2",
        "1.2.",
        "1.2.3",
        "1.2.3.",
        "1.2.3.4",
        "1.2.3.4.",
        "::",
        "::1",
        "1::",
        "::1.2",
        "::1.",
    ]
    prefixes = [*map(str, range(140)), "00", "01", "001", "032", "0128", "1.", "1 ", "٣"]
    assert disagreements([f"{a}/{p}" for a, p in itertools.product(addresses, prefixes)], postgres_accepts) == []


def test_random_addresses_are_judged_as_postgresql_judges_them(postgres_accepts, rng):
    texts = [random_address(rng) for _ in range(10_000)]
    assert disagreements(texts, postgres_accepts) == []
    assert 0.05 < sum(postgres_accepts(texts)) / len(texts) < 0.95, "the texts should be of both kinds"


def test_a_prefix_past_32_bits_is_refused_whatever_postgresql_says():
    assert not is_inet(pd.Series(["1.2.3.4/4294967296", "1.2.3.4/4294967328"], dtype=TEXT)).any()


def random_address(rng: random.Random) -> str:
    """Something like an address: groups of either kind between dots and colons, sometimes a prefix."""
    groups = ["0", "1", "00", "01", "255", "256", "a", "FFFF", "12345", "", "10", "192.168.1.1", "1.2"]
    separator = rng.choice([".", ":", ":", "::", ""])
    count = rng.choice([1, 2, 3, 4, 4, 4, 6, 7, 8, 8, 9])
    parts = [rng.choice(groups[: rng.choice([3, 6, 9, 13])]) for _ in range(count)]
    text = separator.join(parts)
    if rng.random() < 0.5:
        place = rng.randrange(len(text) + 1)
        text = text[:place] + rng.choice(["::", ":", "."]) + text[place + rng.randrange(2) :]
    return text + rng.choice(["", "", "", f"/{rng.randrange(140)}", "/", "/0" + str(rng.randrange(10))])


@pytest.mark.parametrize("text", ["::\0", "::1\0", "::\ud800"])
def test_a_text_that_no_server_holds_is_no_address(text):
    assert not is_ipv6(text)

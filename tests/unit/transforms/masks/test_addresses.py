"""What masks make of addresses: emails, hosts and networks, links."""

import ipaddress
import re

import pytest

from tests.unit.transforms.masks.masker import masked
from transforms.masks import Masker, addresses, shapes


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

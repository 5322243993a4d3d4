"""A network of the command's own, with one link to the servers, which is taken down and up.

The command runs in a network namespace. Nothing stands between it and the servers, so what a lost link does to a
session is the kernel's doing alone: nobody acknowledges, and nobody says that the other end is gone.
"""

import contextlib
import os
import random
import shutil
import subprocess

from tests.support.servers import NotToBeHad


class Link:
    """host: the servers' address on it; prefix: what a command is started with. Errors: NotToBeHad."""

    def __init__(self, number: int):
        self._name = f"nxt{os.getpid() % 100_000}x{number % 1000}"
        self._near, self._far = f"{self._name}a", f"{self._name}b"
        self.host, there = f"10.213.{number % 250}.1", f"10.213.{number % 250}.2"
        self.prefix = ["ip", "netns", "exec", self._name]
        if not shutil.which("ip"):
            raise NotToBeHad("there is no program ip here")
        try:
            self._ip("netns", "add", self._name)
            self._ip("link", "add", self._near, "type", "veth", "peer", "name", self._far, "netns", self._name)
            self._ip("addr", "add", f"{self.host}/30", "dev", self._near)
            self._ip("link", "set", self._near, "up")
            self._ip("-n", self._name, "addr", "add", f"{there}/30", "dev", self._far)
            for device in (self._far, "lo"):
                self._ip("-n", self._name, "link", "set", device, "up")
        except subprocess.CalledProcessError as error:
            self.close()
            raise NotToBeHad(f"no network namespace can be made here: {error.stderr.strip()}") from None

    def down(self, rng: random.Random) -> None:
        """At one end or the other: the program's own device, which says so, or the servers'."""
        self._ip(*rng.choice([["-n", self._name, "link", "set", self._far], ["link", "set", self._near]]), "down")

    def up(self) -> None:
        self._ip("link", "set", self._near, "up")
        self._ip("-n", self._name, "link", "set", self._far, "up")

    def close(self) -> None:
        for what in (["link", "del", self._near], ["netns", "del", self._name]):
            with contextlib.suppress(subprocess.CalledProcessError):
                self._ip(*what)

    @staticmethod
    def _ip(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)

"""Watches for tests."""

from collections.abc import Callable

from engine.session.execution import Silent


class Striking(Silent):
    """Strikes once, when what is under way comes to a stage; hears what it says."""

    def __init__(self, stage: str = "", strike: Callable[[], object] | None = None):
        self._stage, self._strike = stage, strike
        self.messages: list[str] = []

    def stage(self, name: str) -> None:
        if name == self._stage and self._strike:
            strike, self._strike = self._strike, None
            strike()

    def message(self, text: str) -> None:
        self.messages.append(text)

    @property
    def waits(self) -> list[str]:
        """Lines that tell of another attempt."""
        return [text for text in self.messages if "by itself" in text]

"""One reason why a run may not begin: a sentence, and the object that it is about.

Law: faults are compared by the objects that they name, never by their sentences.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """table, name: an object of a table; without a name the table itself, without a table an object of the schema.

    Neither: it is about a server, a role or a setting.
    """

    sentence: str
    table: str | None = None
    name: str | None = None

    def __str__(self) -> str:
        return self.sentence

    def is_told_by(self, other: "Fault") -> bool:
        """Whether the other fault makes this one superfluous: it is about the same object, or this one is about its
        whole table."""
        if self.table and not self.name:
            return self.table == other.table
        is_same_table = self.table == other.table or not (self.table and other.table)
        return self.name is not None and self.name == other.name and is_same_table

"""The wanted things for a target whose server has another version than the source's.

Law: nothing is wanted that such a server does not know, and nothing stricter than what the legacy schema has. ICU's old
names of locales (de@collation=phonebook) are spelled anew by later servers, and not compared there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from checks.shape.things import Thing

EIGHTEEN, SIXTEEN, FIFTEEN = 180_000, 160_000, 150_000


def fitted(legacy: Iterable[Thing], server: int) -> Iterator[Thing]:
    """The legacy things as a server of this version can have them."""
    for thing in legacy:
        if thing.kind == "constraint" and _is_unknown(thing, server):
            continue
        if server < FIFTEEN and thing.says.get("nulls not distinct"):
            thing = thing.saying(nulls_not_distinct=False)
        if server < EIGHTEEN and thing.says.get("generated") == "v":
            thing = thing.saying(generated="s")
        if server >= SIXTEEN and "@" in (thing.says.get("locale") or ""):
            thing = replace(thing, says={name: said for name, said in thing.says.items() if name != "locale"})
        yield thing


def _is_unknown(thing: Thing, server: int) -> bool:
    says = thing.says
    if server < FIFTEEN and says["set on delete"]:
        return True
    return server < EIGHTEEN and (says["kind"] == "n" or says["over periods"] or not says["enforced"])

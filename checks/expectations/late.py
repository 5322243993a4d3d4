"""Modules that are imported once something of theirs is asked for.

Great Expectations imports what fits distributions and draws charts, which nobody here asks of it: 1.4 of 4.6 CPU
seconds and 78 of 271 MB. The standard library's LazyLoader does not do: in Python 3.11 an import that finds the module
is enough to have it loaded.
"""

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any


class Late(ModuleType):
    """Stands for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
            importlib.import_module(self.__name__)
        return getattr(sys.modules[self.__name__], name)


def import_late(*names: str) -> None:
    """Have these modules, and not their parents, imported late; those that are not there or are imported stay so."""
    for name in names:
        parent, _, own = name.rpartition(".")
        if name in sys.modules or (spec := importlib.util.find_spec(name)) is None:
            continue
        late = Late(name)
        late.__spec__, late.__file__ = spec, spec.origin  # whoever looks through all modules asks for these
        sys.modules[name] = late
        if parent:
            setattr(sys.modules[parent], own, late)

"""Text that holds names of a foreign catalogue, made fit for a terminal, a log and a page.

Laws
- What moves a cursor, hides, reorders or splits text is spelled out (`\\n`, `\\x1b`, `\\u202e`): all of it is legal in
  names, and none of it may do anything.
- A name and a sentence are one line; a block keeps the line feeds of its own layout, and nothing else.
- A printed word of a command means the same to the shell that it is pasted into.
"""

import json
import re
import shlex
import unicodedata

# Control and format characters (escape sequences, overrides of direction, zero widths), halves of pairs, what is not
# assigned, separators of lines and paragraphs.
HIDDEN = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
_PLAIN = re.compile(r"[ -~]*")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def line(text: object) -> str:
    """A name or a sentence, on one line whatever it holds."""
    text = str(text)
    return text if _PLAIN.fullmatch(text) else "".join(ascii(c)[1:-1] if _is_hidden(c) else c for c in text)


def block(text: str) -> str:
    """Several lines: each is made fit, the line feeds between them stay."""
    return "\n".join(map(line, text.split("\n")))


def word(text: str) -> str:
    """A word of a command as a shell takes it back: quoted where it has to be, and spelled out if it hides anything."""
    if not any(map(_is_hidden, text)):
        return shlex.quote(text)
    return "$'" + "".join(map(_in_quotes, text)) + "'"


def _in_quotes(character: str) -> str:
    """A character within `$'…'`."""
    if _is_hidden(character):
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x80 else f"\\U{code:08x}"  # \x names a byte, \U a character
    return f"\\{character}" if character in "'\\" else character


def json_text(text: str) -> str:
    """JSON that says the same: what is hidden can only stand within its strings, where it has an escape of its own."""
    return _BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1] if _is_hidden(found[0]) else found[0], text)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in HIDDEN

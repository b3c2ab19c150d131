"""What an id is: the one rule for importer, dataset, database and API."""

import re
import unicodedata

MAX_LENGTH = 128

_BLANK_RANGES = (
    (0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x61C, 0x61C), (0x1680, 0x1680), (0x180E, 0x180E), (0x2000, 0x200F),
    (0x2028, 0x202F), (0x205F, 0x206F), (0x3000, 0x3000), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB),
)  # fmt: skip
BLANKS = "".join(chr(code) for first, last in _BLANK_RANGES for code in range(first, last + 1))
"""White space, control characters, characters that print nothing: an id neither begins nor ends with one."""

SPACES = " \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""Those of BLANKS that print as a space: an id may hold them inside."""

INVISIBLE = "".join(character for character in BLANKS if character not in SPACES)
"""Those of BLANKS that an id may not hold anywhere."""

_NULL_WORDS = """
null (null) <null> \\n nil none (none) nan nat na <na> n/a n.a. undefined unknown blank (blank) empty (empty) missing
#n/a #na #ref! #value! #name? #div/0! #null! #num! #spill! #calc!
/ - -- --- – — —— ―
无 無 空 空白 (空白) （空白） 暂无 未知 未填 无数据
"""
NULL_WORDS = frozenset(_NULL_WORDS.split())
"""What systems write where there is no value, in lower case."""

_MARKS = "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in _BLANK_RANGES)
BLANK_AT_END = f"^[{_MARKS}]|[{_MARKS}]$"
"""Blanks around a text, as a regular expression of DuckDB."""

_EDGE = "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in _BLANK_RANGES)
_INSIDE = "".join(f"\\u{ord(mark):04x}" for mark in INVISIBLE)
PATTERN = f"^[^{_EDGE}]([^{_INSIDE}]*[^{_EDGE}])?$"
"""No blanks around, nothing invisible inside, as a regular expression of JSON schema."""

_MONTHS = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
LOST_DIGITS = (
    r"[+-]?[0-9]([.,][0-9]+)?[eE]\+[0-9]+|[+-]?[0-9][.,][0-9]+[eE][0-9]+|[+-]?[0-9]+\.0+|#+"
    rf"|[0-9]{{1,2}}-{_MONTHS}(-[0-9]{{2}})?|{_MONTHS}-[0-9]{{2}}|[0-9]{{1,2}}月[0-9]{{1,2}}日"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]00:00:00"
)
"""What spreadsheets and data frames make of the characters of an id: 8.60102E+17, 17850.0, ####, 3-Jan for 1-3."""

TEXT_GUARD = r"""^=".*"$|^`|^'([-+=@0-9]|[^' ]{2}[^']*$)"""
"""Marks by which exports keep a spreadsheet from changing a text: ="001", `001, '001; but not 't Hoekje."""

_ESCAPE = r"_x00([01][0-9A-Fa-f]|7[Ff])_"
_ESCAPED = re.compile(_ESCAPE)
_GUARD = re.compile(TEXT_GUARD, re.DOTALL)
_LOST = re.compile(LOST_DIGITS)
_INVISIBLE = re.compile(f"[{re.escape(INVISIBLE)}]")


_HIDDEN = "".join(f"\\x{{{ord(mark):x}}}" for mark in INVISIBLE)
_WORDS = "|".join(map(re.escape, sorted(NULL_WORDS)))
SUSPECT = f"(?s)^$|{BLANK_AT_END}|[{_HIDDEN}]|{_ESCAPE}|{TEXT_GUARD}|^({LOST_DIGITS})$|^(?i:{_WORDS})$"
"""What is found in every text that `id_fault` finds no id, except in long ones, as a regular expression of RE2."""


def clean_id(text: str) -> str | None:
    """Return an id without blanks and text guards around it; None where nothing or a null word is left."""
    clean = _ESCAPED.sub("", text).strip(BLANKS)
    if _GUARD.search(clean):
        clean = (clean[2:-1] if clean.startswith("=") else clean[1:]).strip(BLANKS)
    return None if not clean or clean.lower() in NULL_WORDS else clean


def id_fault(text: str) -> str | None:
    """Return what keeps a text from being an id, in words; None where it is one."""
    clean = clean_id(text)
    if clean is None:
        return "is empty or a word for no value"
    if clean != text:
        return 'begins or ends with white space, invisible characters or marks against spreadsheets (="…", \', `)'
    if _INVISIBLE.search(text):
        return "contains control or invisible characters"
    if _LOST.fullmatch(text):
        return "has lost digits: it is a number or a date as a spreadsheet writes it"
    return f"is longer than {MAX_LENGTH} characters" if len(text) > MAX_LENGTH else None


def look_alike_key(text: str) -> str:
    """Return the same key for ids that look the same: without width, case, spaces, quotes around, leading zeros.

    The forms of a Salesforce id with 15 and 18 characters share a key. The case of such ids counts."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = _salesforce_id(text) or text
    if _SALESFORCE.fullmatch(text) and text not in (text.lower(), text.upper()):
        return text
    key = "".join(text.casefold().split()).strip("=\"'`")
    return key.lstrip("0") or "0" if key.isdecimal() else key


_SALESFORCE = re.compile("([0-9][0-9A-Za-z]{2}|[aA][0-9][0-9A-Za-z])[0-9A-Za-z]{12}")
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def _salesforce_id(text: str) -> str | None:
    """The 15 characters of a Salesforce id of 18, in their case even where that was lost; None for other texts.

    Each of the last three characters says of five others which are upper case, the first by the lowest bit."""
    if len(text) != 18 or not _SALESFORCE.fullmatch(text[:15]) or not set(text[15:].upper()) <= set(_CHECKSUM):
        return None
    bits = [_CHECKSUM.index(mark) >> bit & 1 for mark in text[15:].upper() for bit in range(5)]
    restored = "".join(
        mark.upper() if is_upper else mark.lower() for mark, is_upper in zip(text[:15], bits, strict=True)
    )
    is_letter = all(mark.isalpha() for mark, is_upper in zip(text, bits, strict=False) if is_upper)
    return restored if is_letter and text in (restored + text[15:], text.lower(), text.upper()) else None

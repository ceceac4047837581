"""What may tell who wrote a comment: names, dates, posts, and what is true of one person alone.

Hints are worked out when a page is shown, and are gone with it: they are neither kept nor logged, and none
keeps anybody from sending. Names come from the directory, never from the list of raters, or a hint would tell
who else is asked.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Phrase = tuple[str, ...]

_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_ENDS = frozenset(".!?:\n")
_SHORT = 3
_MOST_WORDS = 8

_COMMON = frozenset(
    _WORD.findall("""
    a about all an and are art as at back baker ball bank banks barber bell best bill bishop black blue board
    book boss both brook brown bush business butler by carter case chance chase christian church close coach
    coat cook cooper corn cross customer customers dale data dawn day dean design development do don early
    engineering english even faith fall farmer fell field finance fisher flower for ford forest fox frank free
    french friend gene german glen go gold good grace grant gray green grey guy hall hand hard head heart
    heath her hill him hit holiday holly home hope house how human hunt hunter in iris ivy jack jean jewel
    joy judge just keen key king kitchen knight know lake land lane law leader legal li like little lock long
    love low major man manager management marketing mark market mason may mercy mid mill miles miller mine
    moon moss my new nice night no noble north of office old olive on one operations page parent parker parks
    pat pearl people penny person piece place planning pole pond pool poor potter power price pride product
    project quality quick rain ray red research reed rich right ring risk river rivers robin rock rod root
    rose rush sales sales savage say sea self sell senior service services share sharp shepherd short silver
    sky small smith snow so south star stark staff stern stone strange strategy street strong sue summer
    sunday supervisor support swift system taylor team technology temple the they think to tom training trust
    turner van von wade walker wall ward water way weaver webb well wells west whale white will wise with wolf
    wood woods work worth yet york you young
    """)
)
"""Words that are names as well: alone they count as one only with a capital amid a sentence."""

_MONTH = "january|february|april|june|july|august|september|october|november|december"
_DOUBTFUL_MONTH = "march|may|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
_WEEKDAY = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_WHEN = "in|on|since|until|by|before|after|from|of|last|next|early|mid|late"
_SPAN = "days?|weeks?|months?|quarters?|years?"
_COUNT = (
    r"\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten"
    "|some|several|(?:a )?few|(?:a )?couple of"
)
_CAME = (
    "joined|started|began|came|arrived|moved|became|returned|took over|transferred"
    "|was (?:hired|promoted|transferred)"
)
_JOB = "job|role|position|post|function|capacity|work"
_BESIDE = (
    "assistant|deputy|secretary|successor|predecessor|stand-in|trainee|intern|apprentice|mentee"
)
_FIRST_PERSON = "as|being|i am|i['\u2019]m|i was|i have been|i['\u2019]ve been|we are|we were"

PATTERNS: Mapping[str, tuple[str, ...]] = {
    "contact": (
        r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}",
        r"(?:\+|\(0|\b0)\d[\d ()/.-]{5,20}\d",
        r"\(?\b\d{3}\)?[-. ]\d{3}[-. ]\d{4}\b",
    ),
    "date": (
        r"\b\d{4}-\d{2}-\d{2}\b",
        rf"\b{_DAY}[./-](?:0?[1-9]|1[0-2])[./-]\d{{2,4}}\b",
        rf"\b{_DAY}/{_DAY}/\d{{2,4}}\b",
        r"\b(?:0[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.",
        rf"\b(?:on|since|until|by) {_DAY}[./](?:0?[1-9]|1[0-2])\b\.?",
        rf"(?:\b(?:{_WHEN}) )?(?:\b{_DAY}(?: of)? )?\b(?:{_MONTH})\b(?:,? {_DAY}\b)?(?:,? {_YEAR}\b)?",
        rf"\b(?:in|since|until|by|last|next|early|mid|late) (?:{_DOUBTFUL_MONTH})\b\.?(?: {_YEAR}\b)?",
        rf"(?:\b(?:{_WHEN}) )?\b{_DAY}(?: of)? (?:{_DOUBTFUL_MONTH})\b(?:,? {_YEAR}\b)?",
        rf"\b(?:{_DOUBTFUL_MONTH})\.? (?:{_DAY}\b(?:,? {_YEAR}\b)?|{_YEAR}\b)",
        rf"\b(?:{_WHEN}|during|q[1-4]|spring|summer|autumn|fall|winter) {_YEAR}\b",
        rf"\b(?:last|past|this|next|on) (?:{_WEEKDAY})\b",
        r"\blast (?:week|month|quarter|year|spring|summer|autumn|fall|winter|christmas|easter)\b",
        rf"\b(?:{_COUNT}) (?:{_SPAN}) ago\b",
        r"\byesterday\b|\bthe other day\b",
    ),
    "only": (rf"\b(?:{_FIRST_PERSON}) (?:\w{{1,30}} )?the (?:only|sole)\b(?: \w{{1,30}})?",),
    "since": (
        rf"\b(?:since|when|before|after|until) i (?:first )?(?:{_CAME})\b",
        rf"\bin my (?:\w{{1,30}} )?(?:{_JOB}) (?:as|of)(?: \w{{1,30}}){{1,3}}",
        rf"\bas (?:his|her|their|your) (?:\w{{1,30}} )?(?:{_BESIDE})\b",
        r"\b(?:in|on|during|since) my first (?:day|week|month|year)s?\b",
    ),
}
"""What needs no names, by kind. The page looks for the same while somebody types: only what Python and
JavaScript read alike stands here, and every repetition is bounded, so that no text takes long."""

_COMPILED = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, patterns in PATTERNS.items()
    for pattern in patterns
)


@dataclass(frozen=True)
class Hint:
    """Words in a comment that could tell who wrote it, and of which kind they are.

    `kind` is name, post, contact, date, only (true of one person) or since (how somebody came to be here).
    """

    kind: str
    words: str


@dataclass(frozen=True)
class Known:
    """Names and posts of the directory, each as its folded words."""

    phrases: Mapping[Phrase, str] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        return max(map(len, self.phrases), default=0)


class _Found(NamedTuple):
    start: int
    end: int
    kind: str


def known_words(
    names: Iterable[str], posts: Iterable[str], *, harmless: Iterable[str] = ()
) -> Known:
    """Return what to look for: names, whole and by their parts; job titles and departments.

    `harmless` is what everybody knows the comments to be about, such as the leader's own name.

    >>> known_words(["Ann Lee", "Bo Lee"], [], harmless=["Ann Lee"]).phrases
    {('bo', 'lee'): 'name', ('bo',): 'name'}
    """
    phrases = {phrase: "post" for post in posts if (phrase := _folded(post))}
    for name in map(_folded, names):
        phrases |= dict.fromkeys(_whole_and_parts(name), "name")
    known = {part for phrase in map(_folded, harmless) for part in _whole_and_parts(phrase)}
    return Known({phrase: kind for phrase, kind in phrases.items() if phrase not in known})


def hints(text: str, known: Known) -> tuple[Hint, ...]:
    """Return what in a comment could tell who wrote it, in the order in which it stands there.

    Where two overlap, the one that begins first is told, and of those the longer one; what is said
    twice is told once. Takes time in proportion to the text.

    Examples
    --------
    >>> hints("As the only engineer I asked Ann in March 2024.", known_words(["Ann Lee"], []))
    (Hint(kind='only', words='As the only engineer'), Hint(kind='name', words='Ann'), \
Hint(kind='date', words='in March 2024'))
    """
    line = text.replace("\n", " ")
    found = sorted([*_patterned(line), *_named(text, known)], key=lambda f: (f.start, -f.end))
    told: dict[tuple[str, str], Hint] = {}
    end = 0
    for each in found:
        if each.start >= end:
            end = each.end
            words = line[each.start : each.end].strip(" .")
            told.setdefault((each.kind, words.casefold()), Hint(each.kind, words))
    return tuple(told.values())


def _patterned(line: str) -> Iterator[_Found]:
    for kind, pattern in _COMPILED:
        yield from (_Found(*match.span(), kind) for match in pattern.finditer(line))


def _named(text: str, known: Known) -> Iterator[_Found]:
    words = list(_WORD.finditer(text))
    folded = [_fold(word[0]) for word in words]
    for first in range(len(words)):
        for last in range(first, min(first + known.longest, len(words))):
            kind = known.phrases.get(tuple(folded[first : last + 1]))
            if kind and _is_meant(text, words, range(first, last + 1), kind):
                yield _Found(words[first].start(), words[last].end(), kind)


def _is_meant(text: str, words: Sequence[re.Match[str]], at: range, kind: str) -> bool:
    """Tell a name or a post from common words that look the same: Mark my words, they will."""
    said = [words[number][0] for number in at]
    if any(len(word) >= _SHORT and _fold(word) not in _COMMON for word in said):
        return True
    if len(said) > 1:
        return kind == "post" or all(word[0].isupper() for word in said)
    return said[0][0].isupper() and not _begins_sentence(text, words, at[0])


def _begins_sentence(text: str, words: Sequence[re.Match[str]], number: int) -> bool:
    between = text[words[number - 1].end() : words[number].start()]
    return number == 0 or not _SENTENCE_ENDS.isdisjoint(between)


def _whole_and_parts(phrase: Phrase) -> Iterator[Phrase]:
    if phrase:
        yield phrase
        yield from ((part,) for part in phrase if len(part) > 1)  # an initial is nobody's name


def _folded(text: str) -> Phrase:
    words = _WORD.findall(unicodedata.normalize("NFKC", text))
    return tuple(map(_fold, words[:_MOST_WORDS]))


def _fold(word: str) -> str:
    """Return a word as it is compared: without case and accents, which hurried writers leave out."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))

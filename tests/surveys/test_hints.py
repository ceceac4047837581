"""What could tell who wrote a comment is found, and plain sentences are left alone."""

import doctest
import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.forms import hints as module
from surveys.forms.hints import PATTERNS, Hint, Known, hints, known_words

NAMES = [
    "Maria Lopez",
    "Ann O'Neill",
    "Jürgen Müller-Weiß",
    "Will Young",
    "Li Wei",
    "Mark King",
    "Tereza Nováková",
    "Priya Ramanathan",
]
POSTS = ["Head of Sales", "Sales", "Controller", "Plant Engineer", "IT", "Research and Development"]
KNOWN = known_words(NAMES, POSTS, harmless=["Priya Ramanathan", "Head of People", "People"])
NOTHING = Known()


def found(text: str, known: Known = KNOWN) -> list[tuple[str, str]]:
    return [(hint.kind, hint.words) for hint in hints(text, known)]


# --- Names and posts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("She never listens to Maria Lopez.", ["Maria Lopez"]),
        ("Maria was right.", ["Maria"]),
        ("ask maria or LOPEZ", ["maria", "LOPEZ"]),
        (
            "Maria's idea, and Neill's, O'Neill\u2019s, Ann O\u2019Neill\u2019s",
            ["Maria", "Neill", "Ann O\u2019Neill"],
        ),
        ("Jurgen Muller agreed", ["Jurgen", "Muller"]),
        ("JÜRGEN MÜLLER-WEISS agreed", ["JÜRGEN MÜLLER-WEISS"]),
        ("Novakova knows", ["Novakova"]),
        ("He overruled Will twice", ["Will"]),
        ("He overruled Mark\nKing twice", ["Mark King"]),
        ("Will Young said so", ["Will Young"]),
        ("I went with Li to see", ["Li"]),
    ],
)
def test_colleagues_are_found_as_people_write_them(text: str, words: list[str]) -> None:
    assert [hint for hint in found(text) if hint[0] == "name"] == [("name", w) for w in words]


@pytest.mark.parametrize(
    "text",
    [
        "Will this change? Will it last",
        "will young people be heard; mark my words",
        "He is king.\nMark: well done. \u201cWill it?\u201d",
        "Priya listens, and Ramanathan too; Priya Ramanathan asks first.",
        "Mariana and Lopezia are other words, and O is no name",
        "She asks people, and the Head of People listens",
        "Sales were low. it is sold. IT is slow",
    ],
)
def test_common_words_and_the_leader_are_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("he told the plant engineer", "plant engineer"),
        ("Head of Sales here", "Head of Sales"),
        ("We of Sales suffer", "Sales"),
        ("the controller knows", "controller"),
        ("those in IT know", "IT"),
        ("in research and development we", "research and development"),
    ],
)
def test_posts_of_the_directory_are_found(text: str, words: str) -> None:
    assert found(text) == [("post", words)]


def test_who_is_not_in_the_directory_is_not_told() -> None:
    """A hint would else say who is asked, or whether somebody of that name works here."""
    assert hints("Maria Lopez of Sales was there", NOTHING) == ()


# --- What needs no names


@pytest.mark.parametrize(
    "text",
    [
        "in March 2024",
        "in may",
        "since May",
        "on 12 March",
        "March 3rd, 2025",
        "12.3.",
        "12.3.2024",
        "on 4.5.",
        "3/14/2024",
        "2024-03-14",
        "last Tuesday",
        "on Friday",
        "last week",
        "two weeks ago",
        "a couple of months ago",
        "Q3 2024",
        "summer 2023",
        "in 2019",
        "yesterday",
        "the other day",
        "15 Dec",
        "last September",
    ],
)
@pytest.mark.parametrize("sentence", ["{}", "She was late {} and (so) left, again."])
def test_dates_are_found(text: str, sentence: str) -> None:
    assert [kind for kind, _ in found(sentence.format(text), NOTHING)] == ["date"]
    assert found(text, NOTHING)[0][1] == text.strip(".")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("As the only woman on the team", "only"),
        ("I am the only one who reads them", "only"),
        ("when I was the only engineer", "only"),
        ("I\u2019m the only one", "only"),
        ("being the sole lawyer", "only"),
        ("since I joined", "since"),
        ("When I first started here", "since"),
        ("before I was promoted", "since"),
        ("in my job as a driver", "since"),
        ("In my new role as team lead", "since"),
        ("as her deputy", "since"),
        ("in my first week", "since"),
        ("write to ann.lee@example.org.", "contact"),
        ("call +49 170 1234567", "contact"),
        ("call 0171 / 234 56 78", "contact"),
        ("call (555) 123-4567", "contact"),
    ],
)
def test_what_is_true_of_one_person_is_found(text: str, kind: str) -> None:
    assert [hint[0] for hint in found(text, NOTHING)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "He may march on, and that may help. May I? March on.",
        "She gave 4.5. and 3.5 of 5, 24/7, 50/50, in 3 of 10 cases.",
        "The only thing that helps is time. He is the only leader who asks.",
        "Mondays are hard, since nobody joined. I joined in.",
        "We have 2000 units, 1500 orders, 12 people and 3 plants.",
        "Asks before deciding; decides by evening; says why.",
        "In my view she should listen more, as the team does.",
        "a@b, @all, me@home",
    ],
)
def test_plain_sentences_are_left_alone(text: str) -> None:
    assert found(text, NOTHING) == []


def test_a_hint_is_told_once_and_in_the_order_of_the_text() -> None:
    text = "Maria left in March 2024. MARIA came back. In march 2024 I was the only one."

    assert hints(text, KNOWN) == (
        Hint("name", "Maria"),
        Hint("date", "in March 2024"),
        Hint("only", "I was the only one"),
    )


# --- Whatever somebody writes

PIECES = st.sampled_from(
    [
        "Maria",
        "Lopez",
        "in",
        "March",
        "2024",
        "12.3.",
        "as",
        "the",
        "only",
        "@",
        "+49",
        "0",
        "(",
        ".",
        "\n",
    ]
)
TEXTS = st.text() | st.lists(PIECES).map(" ".join) | st.lists(PIECES).map("".join)


@given(TEXTS, st.lists(st.text()), st.lists(st.text()))
def test_no_text_and_no_directory_is_too_strange(
    text: str, names: list[str], posts: list[str]
) -> None:
    hints(text, known_words(names, posts, harmless=names[:1]))


@given(TEXTS)
def test_every_hint_stands_in_the_text(text: str) -> None:
    line = text.replace("\n", " ")
    for hint in hints(text, KNOWN):
        assert hint.words
        assert hint.words in line
        line = line[line.index(hint.words) + len(hint.words) :]


@given(st.sampled_from(NAMES[:-1]), st.text(alphabet="xyz ,.", max_size=20))
def test_a_whole_name_is_always_found(name: str, around: str) -> None:
    if name not in {"Will Young", "Mark King"}:
        assert ("name", name) in found(f"{around} {name} {around}")


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "@",
        "a@",
        "a.",
        "0",
        "0 ",
        "+",
        "(0",
        "1.",
        "1/",
        "2024-",
        "in my a",
        "the only ",
        "as ",
        "i was the only ",
        "Will ",
        "Will. ",
        "Maria",
        "Maria ",
        "in in ",
        "1 of ",
        "\u0301",
        "\ufb03",
        " ",
        "\n",
    ],
)
def test_hostile_text_takes_time_in_proportion(piece: str) -> None:
    """Sixteen times the text may take forty times as long at most: a square would take 256 times."""
    short, long = (_seconds(piece * (size // len(piece))) for size in (3_000, 48_000))

    assert long < 40 * max(short, 0.002)


def _seconds(text: str) -> float:
    def once() -> float:
        began = process_time()
        hints(text, KNOWN)
        return process_time() - began

    return min(once() for _ in range(2))


@pytest.mark.parametrize("pattern", [p for patterns in PATTERNS.values() for p in patterns])
def test_no_pattern_repeats_without_bound(pattern: str) -> None:
    bare = re.sub(r"\[[^]]*\]|\\.", "x", pattern)

    assert not re.search(r"[*]|[^(x]\+|x\+|\{\d*,\}", bare)


def test_the_examples_hold() -> None:
    assert doctest.testmod(module).failed == 0

"""A file is an instrument, or every fault in it is named with its line."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.queries import (
    FAULTS_SHOWN,
    LARGEST,
    SCHEMA,
    FaultyInstrumentError,
    UnknownInstrumentError,
    find_instrument,
    read_instrument,
    shipped,
    shipped_instrument,
)
from surveys.models import GROUPS

SOUND = """\
key: sample
version: "1.0"
title: Sample
language: en
scale:
  low: 1
  high: 4
  labels: [Never, Rarely, Often, Always]
  not_observed: Not observed
competencies:
  - key: asking
    title: Asking
    definition: Asks before telling.
    items:
      - key: asks
        text: Asks before telling.
        self_text: I ask before I tell.
      - key: tells
        text: Tells before asking.
        self_text: I tell before I ask.
        reverse: true
questions:
  - key: wish
    text: What would you wish for?
"""

FAULTS = [
    # what stands there, what takes its place, the line of the fault, what is said
    ("key: sample", "key: Sample", 1, 'key is "Sample"; expected a key'),
    ("key: sample", "key: " + "s" * 41, 1, "expected a key"),
    ("key: sample", "key:", 1, "key is empty; expected a key"),
    ('"1.0"', "1", 2, "version is the number 1; expected a version"),
    ('"1.0"', "first", 2, "expected a version"),
    ("title: Sample", "title: " + "x" * 121, 3, "expected a title of 1 to 120"),
    ("title: Sample", 'title: ""', 3, "title is empty"),
    ("title: Sample", "title: Sample\ncolour: red", 4, 'unknown entry "colour"'),
    ("title: Sample", "title: Sample\ntitle: Again", 4, '"title" stands here again after line 3'),
    ("title: Sample", 'title: "a\\u202eb"', 3, "a character nobody can see"),
    ("title: Sample", 'title: "a\\ud800b"', 3, "a character nobody can see"),
    ("title: Sample", "title: Sam: ple", 3, "mapping values are not allowed here"),
    ("title: Sample", "title: 'Sample", 3, "open to the end; expected it closed"),
    ("[Never, Rarely", "[[Never, Rarely", 9, "(begun on line 8)"),
    ("[Never, Rarely", '[["\\u202e"], Rarely', 8, "labels, entry 1, entry 1, holds a character"),
    ("low: 1", "low: {a: 1}", 6, "low is a mapping; expected a whole number"),
    ("[Never, Rarely", "[Never Rarely]", 8, "expected plain YAML"),
    ("title: Sample", "\ttitle: Sample", 3, "'\\t' that cannot start any token"),
    ("title: Sample", "title: a\bb", 3, "a control character"),
    ("title: Sample", 'title: "\\U99999999"', 3, "expected plain YAML"),
    ("title: Sample", "title: =1+1", 3, "beginning with none of = + - @"),
    ("language: en", "language: English", 4, "expected a language tag"),
    ("language: en\n", "", 1, 'the file lacks "language"'),
    ("low: 1", "low: one", 6, 'low is "one"; expected a whole number'),
    ("low: 1", "low: 1.5", 6, 'low is "1.5"; expected a whole number'),
    ("low: 1", "low: -1", 6, "low is the number -1; expected a whole number from 0"),
    ("low: 1", "low: true", 6, "low is true; expected a whole number"),
    ("low: 1", "low: " + "9" * 5000, 6, "expected a whole number"),
    ("high: 4", "high: 3", 7, "the scale runs from 1 to 3; expected 4 to 7 points"),
    ("high: 4", "high: 8", 7, "the scale runs from 1 to 8; expected 4 to 7 points"),
    ("high: 4", "high: 5", 8, "labels has 4 entries; expected 5, one for each point"),
    ("Rarely, Often", "Often, Often", 8, "all different"),
    ("Rarely, Often", "3, Often", 8, "labels, entry 2, is the number 3; expected words"),
    ("[Never, Rarely, Often, Always]", "none", 8, 'labels is "none"; expected a list'),
    ("  not_observed: Not observed\n", "", 5, 'scale lacks "not_observed"'),
    ("key: asks", "key: leader", 15, '"leader" is taken'),
    ("key: asks", "key: tells", 18, 'the key "tells" was used on line 15'),
    ("key: wish", "key: asks", 23, 'the key "asks" was used on line 15'),
    ("key: wish", "key: group", 23, '"group" is taken'),
    ("key: asks", "key: csrf_token", 15, '"csrf_token" is taken'),
    ("self_text: I ask", "selftext: I ask", 17, 'did you mean "self_text"?'),
    ("self_text: I ask", "selftext: I ask", 15, 'items, entry 1, lacks "self_text"'),
    ("Tells before asking.", "x" * 241, 19, "expected a sentence of 1 to 240 characters"),
    ("Tells before asking.", "'@SUM(A1)'", 19, "beginning with none of = + - @"),
    ("reverse: true", "reverse: yes", 21, 'reverse is "yes"; expected true or false'),
    ("reverse: true", "reverse: [true]", 21, "reverse is a list of 1; expected true or false"),
    ("reverse: true", "{a: b}: true", 21, "unknown entry"),
    ("  - key: wish\n    text: What would you wish for?", "  wish", 22, 'questions is "wish"'),
    ("    text: What would you wish for?", "", 23, 'questions, entry 1, lacks "text"'),
    ("title: Sample", "title: &it Sample", 3, "anchor or alias"),
    ("title: Sample", "title: *it", 3, "anchor or alias"),
    ("title: Sample", "title: !!python/object:os.system x", 3, "is a tag"),
    ("title: Sample", "title: !!str 5", 3, "is a tag"),
    ("title: Sample", "title: " + "[" * 30000, 3, "nested more than"),
    ("language: en", "language: en\naudience: [peer, friend]", 5, 'audience, entry 2, is "friend"'),
    ("language: en", "language: en\n---\nkey: b", 5, "another document"),
]


def faults_of(content: str | bytes) -> tuple[str, ...]:
    coded = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(FaultyInstrumentError) as caught:
        read_instrument(coded, name="my.yaml")
    return caught.value.faults


def test_a_sound_file_is_an_instrument() -> None:
    instrument = read_instrument(SOUND.encode(), name="my.yaml")

    assert [item.key for item in instrument.items] == ["asks", "tells"]
    assert [item.reverse for item in instrument.items] == [False, True]
    assert list(instrument.scale.points) == [1, 2, 3, 4]


@pytest.mark.parametrize(("old", "new", "line", "said"), FAULTS)
def test_every_fault_names_its_line(old: str, new: str, line: int, said: str) -> None:
    assert SOUND.count(old) >= 1

    faults = faults_of(SOUND.replace(old, new, 1))

    assert [fault for fault in faults if fault.startswith(f"my.yaml:{line}: ") and said in fault]
    assert all("expected" in fault or "did you mean" in fault for fault in faults)


def test_one_fault_is_told_as_one() -> None:
    assert len(faults_of(SOUND.replace("key: wish", "key: Wish"))) == 1


def test_many_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    broken = SOUND.replace("language: en", "language: E").replace("high: 4", "high: 9")
    broken = broken.replace("key: wish", "key: asks").replace("reverse", "revers")

    lines = [int(fault.split(":")[1]) for fault in faults_of(broken)]

    assert lines == [4, 7, 21, 23]


def test_after_fifty_faults_the_rest_is_counted() -> None:
    broken = SOUND + "".join(f"extra_{number}: 1\n" for number in range(FAULTS_SHOWN + 7))

    with pytest.raises(FaultyInstrumentError) as caught:
        read_instrument(broken.encode(), name="my.yaml")

    told = str(caught.value).splitlines()
    assert len(told) == FAULTS_SHOWN + 1
    assert told[-1] == "and 7 more faults"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"# only a remark\n", "the file is empty"),
        (b"- a\n- b\n", "the file is a list of 2; expected an instrument"),
        (b"just words", 'the file is "just words"; expected an instrument'),
        (SOUND.encode("utf-16"), "no UTF-8"),
        (SOUND.replace("Sample", "Schl\u00fcssel").encode("latin-1"), "no UTF-8"),
        (b"\0" * 9, "a control character"),
        (b"a" * (LARGEST + 1), "too large"),
    ],
)
def test_what_is_no_instrument_at_all_is_told_in_one_line(content: bytes, said: str) -> None:
    (fault,) = (fault for fault in faults_of(content) if "lacks" not in fault)

    assert said in fault


def test_a_wrong_byte_names_its_line() -> None:
    content = SOUND.replace("Asks before telling.\n        self", "Fr\u00e4gt.\n        self")

    assert faults_of(content.encode("latin-1"))[0].startswith("my.yaml:16: ")


def test_aliases_cannot_grow() -> None:
    laughs = ["a0: &a0 [ha, ha]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)
    ]

    (fault,) = faults_of("\n".join(laughs))

    assert fault.startswith("my.yaml:1: ")
    assert "anchor or alias" in fault


def test_a_tag_runs_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    attack = f"!!python/object/apply:pathlib.Path.touch [!!python/object:pathlib.Path ['{trace}']]"

    assert "is a tag" in faults_of(f"key: {attack}")[0]
    assert not trace.exists()


def test_terminal_codes_of_a_file_are_not_repeated() -> None:
    broken = SOUND.replace("title: Sample", '"\\e[2Jtitle": Sample\n"\\e[2J": \'=\'')

    assert all(fault.isprintable() for fault in faults_of(broken))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_anything_is_read_or_refused(content: bytes) -> None:
    assert faults_of(content)


@given(st.integers(0, len(SOUND) - 1), st.characters(exclude_categories=["Cs"]))
def test_a_slip_of_a_finger_is_read_or_refused(place: int, letter: str) -> None:
    slipped = SOUND[:place] + letter + SOUND[place + 1 :]

    with suppress(FaultyInstrumentError):
        assert read_instrument(slipped.encode(), name="my.yaml").items


def test_no_stays_a_word_and_a_version_keeps_its_zero() -> None:
    written = SOUND.replace("Never", "No").replace("Always", "Yes").replace('"1.0"', "1.10")

    instrument = read_instrument(written.encode(), name="my.yaml")

    assert instrument.version == "1.10"
    assert instrument.scale.labels == ("No", "Rarely", "Often", "Yes")


def test_a_text_over_several_lines_is_one_line() -> None:
    written = SOUND.replace(
        "Asks before telling.\n    items", ">\n      Asks\n      first.\n    items"
    )

    instrument = read_instrument(written.encode("utf-8-sig"), name="my.yaml")

    assert instrument.competencies[0].definition == "Asks first."


def test_one_item_and_no_question_make_an_instrument() -> None:
    lines = SOUND.splitlines()[:17]
    lines[5:8] = ["  low: 1", "  high: 7", "  labels: [a, b, c, d, e, f, g]"]

    instrument = read_instrument("\n".join(lines).encode(), name="my.yaml")

    assert len(instrument.items) == 1
    assert instrument.questions == ()
    assert len(instrument.scale.points) == 7


def test_a_competency_may_have_the_key_of_its_item() -> None:
    written = SOUND.replace("key: asking", "key: asks")

    assert read_instrument(written.encode(), name="my.yaml").competencies[0].key == "asks"


def test_a_shipped_instrument_is_found_by_key() -> None:
    for instrument in shipped():
        assert find_instrument(instrument.key) is shipped_instrument(instrument.key)


def test_an_instrument_is_found_by_path(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(SOUND)

    assert find_instrument(str(file)).key == "sample"


def test_a_fault_names_the_path_that_was_given(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(SOUND.replace("sample", "Sample"))

    with pytest.raises(FaultyInstrumentError, match=re.escape(f"{file}:1: ")):
        find_instrument(str(file))


@pytest.mark.parametrize("name", ["horoscope", "", ".", "/dev/zero", "a\0b", "no/such/file.yaml"])
def test_what_is_neither_key_nor_file_is_unknown(name: str) -> None:
    with pytest.raises(UnknownInstrumentError, match="manager_coaching_effectiveness"):
        find_instrument(name)


def test_an_unknown_key_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownInstrumentError, match="executive_coaching_effectiveness"):
        shipped_instrument("horoscope")


def test_the_example_in_the_docs_is_an_instrument() -> None:
    page = SCHEMA.parents[1].joinpath("instruments.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    assert read_instrument(example.encode(), name="instruments.md").key == "team_meetings"


def test_the_fault_in_the_docs_is_what_is_said() -> None:
    page = SCHEMA.parents[1].joinpath("instruments.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    broken = example.replace("key: sends_agenda", "key: Sends agenda").encode()

    with pytest.raises(FaultyInstrumentError) as caught:
        read_instrument(broken, name="meetings.yaml")

    assert str(caught.value) in page


def test_the_schema_knows_the_rater_groups() -> None:
    text = SCHEMA.read_text()

    assert [group for group in GROUPS if f'"{group}"' not in text] == []

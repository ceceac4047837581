"""A document becomes an instrument, and the instrument the same document again."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from instruments.queries import RESERVED, read_instrument
from instruments.questionnaires import Instrument

KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)
ITEM_KEYS = KEYS.filter(lambda key: key not in RESERVED)
WORDS = st.text("aäßжあ 5,'\"#:{}[]|>%!", min_size=1, max_size=40).map(lambda text: f"x{text}x")
LINES = WORDS.map(lambda text: " ".join(text.split(" ")).replace("  ", " ")).filter(
    lambda text: "  " not in text
)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {"text": LINES, "self_text": LINES}, optional={"reverse": st.just(value=True)}
    ),
    min_size=1,
    max_size=5,
)
DOCUMENT = {
    "key": "sample",
    "version": "1.0",
    "title": "Sample",
    "language": "en",
    "competencies": [{"key": "one", "title": "One", "definition": "The first."}],
}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    low, points = draw(st.integers(0, 10)), draw(st.integers(4, 7))
    items = draw(ITEMS)
    keys = draw(st.lists(ITEM_KEYS, min_size=len(items), max_size=len(items), unique=True))
    labels = draw(st.lists(LINES, min_size=points, max_size=points, unique=True))
    scale = {"low": low, "high": low + points - 1, "labels": labels, "not_observed": "Unseen"}
    keyed = [{"key": key, **item} for key, item in zip(keys, items, strict=True)]
    competency = {**DOCUMENT["competencies"][0], "items": keyed}  # type: ignore[dict-item]  # a list of mappings
    return {**DOCUMENT, "scale": scale, "competencies": [competency]}


@given(documents())
def test_a_document_survives_the_way_through_a_file(document: dict[str, Any]) -> None:
    content = json.dumps(document, ensure_ascii=False).encode()  # JSON is YAML

    assert read_instrument(content, name="sample.yaml").document() == document


@given(documents())
def test_an_instrument_survives_its_document(document: dict[str, Any]) -> None:
    instrument = Instrument.from_document(document)

    assert Instrument.from_document(instrument.document()) == instrument


def test_a_default_which_is_spelled_out_makes_no_other_instrument() -> None:
    item = {"key": "asks", "text": "Asks.", "self_text": "I ask."}
    scale = {"low": 0, "high": 3, "labels": ["a", "b", "c", "d"], "not_observed": "x"}
    competency = {"key": "one", "title": "One", "definition": "The first."}
    terse = {**DOCUMENT, "scale": scale, "competencies": [{**competency, "items": [item]}]}
    wordy_items = [{**item, "reverse": False}]
    wordy = {**terse, "questions": [], "competencies": [{**competency, "items": wordy_items}]}

    assert Instrument.from_document(wordy).document() == terse

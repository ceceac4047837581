"""JSON documents keep their published shape, and say why where a figure is missing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from assess.publication.protection import PROTECTIONS, STRICT, THRESHOLD, Protection
from assess.scorecards.types import Index, Reason
from instruments.questionnaires import Scale
from reports.exports import leader_document, round_document, to_json
from tests.reports.cards import FAMILY, SCALE, make_card, make_round_card

SEVEN = Scale(1, 7, ("a", "b", "c", "d", "e", "f", "g"), "?")
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


def schema(name: str) -> Draft202012Validator:
    document = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


@pytest.mark.parametrize("level", PROTECTIONS.values(), ids=lambda level: level.name)
def test_a_leaders_document_keeps_the_published_shape(level: Any) -> None:
    schema("leader").validate(leader_document(replace(make_card(), protection=level)))


def test_a_leader_with_nobody_but_themselves_keeps_it_too() -> None:
    schema("leader").validate(leader_document(make_card(leaves=FAMILY[:1], comments=0)))


def test_a_rounds_document_keeps_the_published_shape() -> None:
    schema("round").validate(round_document(make_round_card()))


def test_the_schemas_know_every_reason() -> None:
    for name in ("leader", "round"):
        document = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
        assert document["$defs"]["reason"]["enum"] == [str(reason) for reason in Reason]


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ("items", "symbol"),
        ("competencies", "score"),
        ("competencies", "agreement"),
        ("awareness", "p"),
    ],
)
def test_a_null_without_a_reason_is_refused(rows: str, field: str) -> None:
    document = leader_document(make_card())
    row = next(row for row in document[rows] if "reason" not in row)
    row["adjusted_p" if field == "p" else field] = None

    with pytest.raises(ValidationError):
        schema("leader").validate(document)


def test_a_null_of_the_round_without_a_reason_is_refused() -> None:
    document = round_document(make_round_card())
    document["reliability"][1]["reason"] = None

    with pytest.raises(ValidationError):
        schema("round").validate(document)


def test_a_reason_of_ones_own_is_refused() -> None:
    document = leader_document(replace(make_card(), index=Index(None, None, None, None)))
    document["index"]["reason"] = "we did not feel like it"

    with pytest.raises(ValidationError):
        schema("leader").validate(document)


@pytest.mark.parametrize("place", [(), ("protection",), ("index",), ("items", 0), ("comments", 0)])
def test_nothing_beside_the_published_shape_is_let_through(place: tuple[str | int, ...]) -> None:
    document = leader_document(make_card())
    target: Any = document
    for step in place:
        target = target[step]
    target["rater"] = "somebody"

    with pytest.raises(ValidationError):
        schema("leader").validate(document)


def test_scores_carry_two_decimals_and_p_values_four() -> None:
    document = leader_document(make_card())

    scores = [row["score"] for row in document["competencies"]]
    ps = [row["adjusted_p"] for row in document["awareness"]]
    assert all(score == round(score, 2) for score in scores)
    assert all(p == round(p, 4) for p in ps)


def test_round_figures_carry_two_significant_digits() -> None:
    card = make_round_card()
    raw = replace(card, reliability=(replace(card.reliability[0], alpha=0.88649),))

    assert round_document(raw)["reliability"][0]["alpha"] == 0.89


def test_the_same_card_gives_the_same_bytes_readable_in_any_script() -> None:
    card = make_card(leader="Željko Ólafsdóttir")

    assert to_json(leader_document(card)) == to_json(leader_document(card))
    assert "Željko Ólafsdóttir".encode() in to_json(leader_document(card))


@pytest.mark.parametrize(
    ("level", "scale", "band"),
    [(STRICT, SCALE, 1.0), (STRICT, SEVEN, 1.5), (THRESHOLD, SEVEN, None)],
)
def test_a_band_is_told_in_points_of_the_instruments_own_scale(
    level: Protection, scale: Scale, band: float | None
) -> None:
    card = replace(make_card(), protection=level)
    card = replace(card, instrument=replace(card.instrument, scale=scale))

    assert leader_document(card)["protection"]["band"] == band

"""Scorecards as JSON documents, for machines and for whoever wants to reckon after us.

The shapes are fixed by the schemas in docs/schemas. Scores carry two decimals, p-values four, figures of a
whole round two digits at most; a row which misses a figure says why in `reason`, any other has no reason.
Keys stand in the order of the schema, rows in that of the instrument and of the leaves.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from assess.publication.protection import Protection
from assess.publication.symbols import scaled_band
from assess.scorecards.types import (
    AwarenessRow,
    CompetencyRow,
    Index,
    ItemRow,
    LeafRow,
    Reason,
    ReliabilityRow,
    RoundCard,
    Scorecard,
    WithheldRow,
)
from instruments.questionnaires import Instrument, Scale

Document = dict[str, Any]


def leader_document(card: Scorecard) -> Document:
    """Return what is said of one leader, as docs/schemas/leader.schema.json describes it."""
    return {
        "leader": card.leader,
        "protection": _protection(card.protection, card.instrument.scale),
        "leaves": [_leaf(row) for row in card.leaves],
        "withheld": [_withheld(row) for row in card.withheld],
        "items": [_item(row) for row in card.items],
        "competencies": [_competency(row) for row in card.competencies],
        "index": _index(card.index),
        "awareness": [_awareness(row) for row in card.awareness],
        "comments": [{"question": row.question, "text": row.text} for row in card.comments],
    }


def round_document(card: RoundCard) -> Document:
    """Return what is said of a whole round, as docs/schemas/round.schema.json describes it."""
    return {
        "instrument": _instrument(card.instrument),
        "leaders": card.leaders,
        "raters": card.raters,
        "protection": _protection(card.protection, card.instrument.scale),
        "reliability": [_reliability(row) for row in card.reliability],
    }


def to_json(document: Mapping[str, Any]) -> bytes:
    """Return the same bytes for the same document, whoever asks and whenever."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
    return f"{text}\n".encode()


def _protection(protection: Protection, scale: Scale) -> Document:
    band = scaled_band(protection, protection.minimum, low=scale.low, high=scale.high)
    return _with_reason(
        {
            "name": protection.name,
            "minimum": protection.minimum,
            "answered_minimum": protection.answered_minimum,
            "band": None if band is None else float(band),
        },
        Reason.NO_BANDS,
    )


def _instrument(instrument: Instrument) -> Document:
    return {"key": instrument.key, "version": instrument.version, "title": instrument.title}


def _leaf(row: LeafRow) -> Document:
    return {"leaf": row.leaf, "groups": list(row.groups), "n": row.n, "named": row.named}


def _withheld(row: WithheldRow) -> Document:
    return {"group": row.group, "reason": str(row.reason)}


def _item(row: ItemRow) -> Document:
    return _with_reason({"item": row.item, "leaf": row.leaf, "symbol": row.symbol}, row.reason)


def _competency(row: CompetencyRow) -> Document:
    document = {
        "competency": row.competency,
        "leaf": row.leaf,
        "score": _score(row.score),
        "low": _score(row.low),
        "high": _score(row.high),
        "agreement": row.agreement,
    }
    return _with_reason(document, row.reason)


def _index(row: Index) -> Document:
    document = {"score": _score(row.score), "low": _score(row.low), "high": _score(row.high)}
    return _with_reason(document, row.reason)


def _awareness(row: AwarenessRow) -> Document:
    document = {
        "competency": row.competency,
        "leaf": row.leaf,
        "gap": _score(row.gap),
        "low": _score(row.low),
        "high": _score(row.high),
        "adjusted_p": None if row.adjusted_p is None else round(row.adjusted_p, 4),
        "flag": row.flag,
    }
    return _with_reason(document, row.reason)


def _reliability(row: ReliabilityRow) -> Document:
    figures = {
        name: _two_digits(value) if isinstance(value, float) else value
        for name, value in asdict(row).items()
    }
    missing = any(value is None for name, value in figures.items() if name != "reason")
    return figures | {"reason": str(row.reason) if missing and row.reason else None}


def _with_reason(document: Document, reason: Reason | None) -> Document:
    missing = any(value is None for value in document.values())
    return document | {"reason": reason and str(reason)} if missing else document


def _score(value: float | None) -> float | None:
    return None if value is None else round(value, 2) + 0.0  # + 0.0: no minus before a zero


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}") + 0.0

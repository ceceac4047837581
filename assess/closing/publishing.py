"""From the opened sheets of one leader to the rows that are published of them."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from assess.closing.answers import OpenedSheet, ratings_of
from assess.models import (
    LedgerEntry,
    PublishedAgreement,
    PublishedComment,
    PublishedLeaf,
    PublishedSymbol,
    WithheldGroup,
)
from assess.psychometrics.agreement import rwg_j
from assess.publication.comments import publishable
from assess.publication.plans import Leaf, Plan
from assess.publication.protection import Protection
from assess.publication.symbols import agreement_band, named_symbol, symbol
from core.db import Model
from instruments.questionnaires import Instrument

AGREEMENT_RATERS = 8
AGREEMENT_ITEMS = 3

Rows = dict[type[Model], list[dict[str, Any]]]
"""Rows to insert, by table."""


@dataclass(frozen=True)
class Rules:
    """What stays the same for every leader of a round."""

    instrument: Instrument
    protection: Protection


def publish(leader_id: UUID, plan: Plan, sheets: Sequence[OpenedSheet], rules: Rules) -> Rows:
    """Return every row that is published of a leader, and the ledger's entry of it."""
    rows: Rows = {
        WithheldGroup: [
            {"leader_id": leader_id, "group": gone.group, "reason": gone.reason}
            for gone in plan.withheld
        ],
        PublishedLeaf: [],
        PublishedSymbol: [],
        PublishedAgreement: [],
        PublishedComment: list(_comments(leader_id, plan, sheets, rules.instrument)),
    }
    for leaf in plan.leaves:
        _add_leaf(rows, leader_id, leaf, sheets, rules)
    rows[LedgerEntry] = [_ledger_entry(leader_id, plan, rows)]
    return rows


def _add_leaf(
    rows: Rows, leader_id: UUID, leaf: Leaf, sheets: Sequence[OpenedSheet], rules: Rules
) -> None:
    leaf_id = uuid4()
    ratings = np.array(
        [
            ratings_of(opened.sheet, rules.instrument)
            for opened in sheets
            if opened.group in leaf.groups
        ]
    )
    rows[PublishedLeaf].append(
        {
            "id": leaf_id,
            "leader_id": leader_id,
            "name": leaf.name,
            "groups": list(leaf.groups),
            "raters": leaf.raters,
            "named": leaf.named,
        }
    )
    rows[PublishedSymbol].extend(_symbols(leaf_id, leaf, ratings, rules))
    rows[PublishedAgreement].extend(_agreements(leaf_id, leaf, ratings, rules.instrument))


def _symbols(
    leaf_id: UUID, leaf: Leaf, ratings: np.ndarray, rules: Rules
) -> Iterator[dict[str, Any]]:
    scale = rules.instrument.scale
    for item, column in zip(rules.instrument.items, ratings.T, strict=True):
        values = [int(value) for value in column if not np.isnan(value)]
        shown = (
            named_symbol(values)
            if leaf.named
            else symbol(
                values,
                raters=leaf.raters,
                protection=rules.protection,
                low=scale.low,
                high=scale.high,
            )
        )
        yield {"leaf_id": leaf_id, "item": item.key, "symbol": shown}


def _agreements(
    leaf_id: UUID, leaf: Leaf, ratings: np.ndarray, instrument: Instrument
) -> Iterator[dict[str, Any]]:
    start = 0
    for competency in instrument.competencies:
        columns = ratings[:, start : start + len(competency.items)]
        start += len(competency.items)
        band = None if leaf.named else _band(columns, options=len(instrument.scale.points))
        yield {"leaf_id": leaf_id, "competency": competency.key, "band": band}


def _band(ratings: np.ndarray, *, options: int) -> str | None:
    """Return how far the complete raters agree, where there are enough of them and of items."""
    complete = ratings[~np.isnan(ratings).any(axis=1)]
    if len(complete) < AGREEMENT_RATERS or ratings.shape[1] < AGREEMENT_ITEMS:
        return None
    agreement = rwg_j(complete, np.zeros(len(complete), dtype=np.intp), options=options)
    return agreement_band(float(agreement[0]))


def _comments(
    leader_id: UUID, plan: Plan, sheets: Sequence[OpenedSheet], instrument: Instrument
) -> Iterator[dict[str, Any]]:
    for question in instrument.questions:
        written = {leaf: _written(leaf, sheets, question.key) for leaf in plan.leaves}
        seen: Counter[tuple[str, str]] = Counter()
        for label, text in publishable(written):
            seen[label, text] += 1
            yield {
                "leader_id": leader_id,
                "question": question.key,
                "digest": _digest(label, text, str(seen[label, text])),
                "leaf": label,
                "text": text,
            }


def _written(leaf: Leaf, sheets: Sequence[OpenedSheet], question: str) -> list[str]:
    return [
        opened.sheet.comments[question]
        for opened in sheets
        if opened.group in leaf.groups and opened.sheet.comments.get(question)
    ]


def _ledger_entry(leader_id: UUID, plan: Plan, rows: Rows) -> dict[str, Any]:
    """Return which sets of raters were published, and a digest of what was said of them."""
    shown = {
        "leaves": [
            {"name": leaf.name, "groups": list(leaf.groups), "raters": leaf.raters}
            for leaf in plan.leaves
        ],
        "withheld": [gone.group for gone in plan.withheld],
    }
    leaves = {row["id"]: row["name"] for row in rows[PublishedLeaf]}
    symbols = sorted(
        (leaves[row["leaf_id"]], row["item"], row["symbol"] or "") for row in rows[PublishedSymbol]
    )
    said = json.dumps([shown, symbols], sort_keys=True)
    return {"leader_id": leader_id, "plan": shown, "digest": _digest(said)}


def _digest(*said: str) -> bytes:
    return hashlib.blake2b("\x1f".join(said).encode(), digest_size=32).digest()

"""From the opened sheets of one leader to the rows that are published of them."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from assess.closing.answers import OpenedSheet, columns_of, ratings_of
from assess.models import (
    LedgerEntry,
    PublishedAgreement,
    PublishedComment,
    PublishedLeaf,
    PublishedSymbol,
    WithheldGroup,
)
from assess.psychometrics.agreement import rwg_j
from assess.publication.agreement import AGREEMENT_ITEMS, AGREEMENT_RATERS, NOT_TOLD, may_tell
from assess.publication.comments import publishable
from assess.publication.plans import POOLED, Leaf, Plan, Withheld
from assess.publication.protection import Protection
from assess.publication.symbols import Agreement, Symbol, agreement_band, named_symbol, symbol
from core.db import Model
from instruments.questionnaires import Instrument

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
            {"leader_id": leader_id, "group": gone.what, "reason": gone.reason}
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
    symbols = {
        item.key: _symbol([int(value) for value in column if not np.isnan(value)], leaf, rules)
        for item, column in zip(rules.instrument.items, ratings.T, strict=True)
    }
    rows[PublishedSymbol].extend(
        {"leaf_id": leaf_id, "item": item, "symbol": _text(shown)}
        for item, shown in symbols.items()
    )
    rows[PublishedAgreement].extend(
        {"leaf_id": leaf_id, "competency": key, "band": _text(band)}
        for key, band in _agreements(leaf, ratings, symbols, rules)
    )


def _text(told: Symbol | Agreement | Withheld) -> str | None:
    """Return what the database keeps of it: nothing of what is withheld."""
    return None if isinstance(told, Withheld) else str(told)


def _symbol(values: list[int], leaf: Leaf, rules: Rules) -> Symbol | Withheld:
    if leaf.named:
        return named_symbol(values)
    scale, protection = rules.instrument.scale, rules.protection
    return symbol(values, raters=leaf.raters, protection=protection, low=scale.low, high=scale.high)


def _agreements(
    leaf: Leaf, ratings: np.ndarray, symbols: Mapping[str, Symbol | Withheld], rules: Rules
) -> Iterator[tuple[str, Agreement | Withheld]]:
    for competency, columns in columns_of(rules.instrument):
        told = [symbols[item.key] for item in competency.items]
        may_tell_it = _may_tell(leaf, told, rules)
        yield competency.key, _band(ratings[:, columns], rules) if may_tell_it else NOT_TOLD


def _may_tell(leaf: Leaf, told: Sequence[Symbol | Withheld], rules: Rules) -> bool:
    """Decide from what is published of a leaf, before its agreement is looked at."""
    shown = tuple(sorted((each for each in told if isinstance(each, Symbol)), key=str))
    if leaf.named or leaf.name == POOLED or len(shown) < max(AGREEMENT_ITEMS, len(told)):
        return False
    scale, protection = rules.instrument.scale, rules.protection
    return leaf.raters >= AGREEMENT_RATERS and may_tell(
        shown, raters=leaf.raters, protection=protection, low=scale.low, high=scale.high
    )


def _band(ratings: np.ndarray, rules: Rules) -> Agreement | Withheld:
    """Return how far the complete raters agree, where there are enough of them."""
    complete = ratings[~np.isnan(ratings).any(axis=1)]
    if len(complete) < AGREEMENT_RATERS:
        return NOT_TOLD
    options = len(rules.instrument.scale.points)
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
        "withheld": [gone.what for gone in plan.withheld],
    }
    leaves = {row["id"]: row["name"] for row in rows[PublishedLeaf]}
    symbols = sorted(
        (leaves[row["leaf_id"]], row["item"], row["symbol"] or "") for row in rows[PublishedSymbol]
    )
    said = json.dumps([shown, symbols], sort_keys=True)
    return {"leader_id": leader_id, "plan": shown, "digest": _digest(said)}


def _digest(*said: str) -> bytes:
    return hashlib.blake2b("\x1f".join(said).encode(), digest_size=32).digest()

"""Tables in which it shows whether some raters answer an item otherwise than others with the same rest score.

They grow from round to round of one version of an instrument, and hold nobody but by dozens.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from assess.closing.answers import Floats
from assess.closing.voices import Voices, threes
from assess.psychometrics.ratings import item_means
from instruments.questionnaires import Instrument

FIFTHS = (0.2, 0.4, 0.6, 0.8)


def add_round(before: Mapping[str, Any], said: Voices, instrument: Instrument) -> dict[str, Any]:
    """Return the tables of before with this round's raters among them.

    Whoever has the tables of before and after has those of this round. So a group in one language joins only
    with ten leaders and eighty raters of its own, on each item, and with counts rounded to threes: nobody
    learns that all of them answered alike. Every table is of such raters alone, and so is every
    difference between tables: what groups and languages have in common is never stored beside its parts.
    """
    cells = {place: cell for place, cell in _scored(said) if cell.enough()}
    if not cells:
        return dict(before)
    tables = deepcopy(dict(before)) or {"cuts": _cuts(cells.values()), "cells": {}}
    for (group, language), cell in cells.items():
        place = tables["cells"].setdefault(group, {}).setdefault(language, {})
        for item, added in _tables(cell, tables["cuts"], instrument):
            place[item] = _sum(place[item], added) if item in place else added
    return tables


def _scored(said: Voices) -> Iterator[tuple[tuple[str, str], Voices]]:
    """Yield each group in each language, of those raters who answered two thirds of all items."""
    scored = said.only(~np.isnan(item_means(said.ratings)))
    yield from scored.cells().items()


def _cuts(cells: Iterable[Voices]) -> list[float]:
    """Cut the first round's raters into fifths by their mean, to a tenth of a point. These cuts stay."""
    means = np.concatenate([item_means(cell.ratings) for cell in cells])
    return [round(float(cut), 1) for cut in np.quantile(means, FIFTHS)]


def _tables(
    cell: Voices, cuts: list[float], instrument: Instrument
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield of each item how often each point was given in each fifth of the mean of all others."""
    points = list(instrument.scale.points)
    for number, item in enumerate(instrument.items):
        rest = item_means(np.delete(cell.ratings, number, axis=1))
        answers = cell.ratings[:, number]
        rows = ~np.isnan(answers + rest)
        if cell.enough(rows):
            fifths = np.searchsorted(cuts, rest[rows], side="right")
            counts = np.zeros((len(cuts) + 1, len(points)))
            np.add.at(counts, (fifths, _places(answers[rows], points)), 1)
            raters = 3 * (len(np.unique(cell.raters[rows])) // 3)
            yield item.key, {"raters": raters, "counts": threes(counts).tolist()}


def _places(answers: Floats, points: list[int]) -> Any:
    return (answers - points[0]).astype(np.intp)


def _sum(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    counts = np.array(one["counts"]) + np.array(other["counts"])
    return {"raters": one["raters"] + other["raters"], "counts": counts.tolist()}

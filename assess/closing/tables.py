"""The sheets on one leader's table, and what would be published if others had been answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

import numpy as np

from assess.closing.answers import OpenedSheet, head_counts, ratings_of
from assess.closing.publishing import Rows, Rules, publish
from assess.publication import gate
from assess.publication.auditor import Answers, Value
from assess.publication.plans import Plan, plan
from assess.publication.symbols import reverse_keyed
from instruments.questionnaires import Instrument
from surveys.ballots.sheets import NOT_OBSERVED, Rating, Sheet

ANYBODY = UUID(int=0)


@dataclass(frozen=True)
class Table:
    """The answer sheets about one leader, the plan that close has made of them, and the round's rules."""

    plan: Plan
    sheets: Sequence[OpenedSheet]
    rules: Rules

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where the sheets of those lie who are to be protected: by leaf, else by group set aside."""
        groups = {leaf.name: leaf.groups for leaf in self.plan.leaves if not leaf.named}
        groups |= {gone.what: (gone.what,) for gone in self.plan.withheld}
        return {
            name: [at for at, opened in enumerate(self.sheets) if opened.group in members]
            for name, members in groups.items()
        }

    @cached_property
    def answers(self) -> Answers:
        """What those have answered who are to be protected."""
        instrument = self.rules.instrument
        given = [values_of(opened.sheet, instrument) for opened in self.sheets]
        return {
            (name, item.key): tuple(given[place][at] for place in places)
            for name, places in self.places.items()
            if places
            for at, item in enumerate(instrument.items)
        }

    def exchanged(self, answers: Answers) -> list[OpenedSheet]:
        """Return the sheets as they would be if those who are to be protected had answered so."""
        sheets, items = list(self.sheets), self.rules.instrument.items
        for name, places in self.places.items():
            for seat, place in enumerate(places):
                before = sheets[place]
                after = sheet_of(
                    [answers[name, item.key][seat] for item in items], self.rules.instrument
                )
                after = replace(after, comments=before.sheet.comments)
                sheets[place] = replace(before, sheet=after)
        return sheets

    def published(self, answers: Answers) -> Rows:
        """Return what would be published of that."""
        return publish(ANYBODY, self.plan, self.exchanged(answers), self.rules)


def laid(
    sheets: Sequence[OpenedSheet],
    rules: Rules,
    *,
    named: frozenset[str],
    asked: Mapping[str, int],
) -> Table:
    """Lay sheets out as close does; `asked` has every group that was asked, with 0."""
    made = plan({**asked, **head_counts(sheets)}, protection=rules.protection, named=named)
    scale = rules.instrument.scale
    gate.check(made, protection=rules.protection, low=scale.low, high=scale.high)
    return Table(made, sheets, rules)


def values_of(sheet: Sheet, instrument: Instrument) -> list[Value]:
    """Return a sheet's answers in the order of the items, reverse-keyed items turned round."""
    return [None if np.isnan(value) else int(value) for value in ratings_of(sheet, instrument)]


def sheet_of(values: Sequence[Value], instrument: Instrument) -> Sheet:
    """Return a sheet with these answers, as `values_of` reads them; None becomes "not observed"."""
    ends = {"low": instrument.scale.low, "high": instrument.scale.high}
    ratings: dict[str, Rating] = {}
    for item, value in zip(instrument.items, values, strict=True):
        turned = reverse_keyed(value, **ends) if item.reverse and value is not None else value
        ratings[item.key] = NOT_OBSERVED if turned is None else turned
    return Sheet(ratings, {})

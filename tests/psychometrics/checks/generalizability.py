"""What we give for reference values about raters nested in targets and crossed with items."""

import math
from collections.abc import Mapping

import numpy as np

from assess.psychometrics.generalizability import GStudy, d_study, g_study, raters_for
from tests.psychometrics import oracle
from tests.psychometrics.datasets import ITEMS, Groups, cohesion, ratings
from tests.psychometrics.oracle import Check, Figures, Floats, Record


def answers(record: Record) -> tuple[Floats, Groups]:
    """Give the ratings x items and the targets a record is about."""
    table = oracle.dataset(record.dataset)
    if record.dataset == "sirt_ratings1":
        return table.numbers(*ITEMS["sirt_ratings1"]), table.text("idstud")
    values, targets, _ = cohesion(table, "COH") if record.dataset == "cohesion" else ratings(record)
    return values, targets


def components(record: Record) -> Figures:
    found = g_study(*answers(record))
    return {
        "t": found.target,
        "r:t": found.rater,
        "i": found.item,
        "ti": found.target_item,
        "ri:t,e": found.residual,
        "mu": found.mean,
        "n": np.count_nonzero(~np.isnan(answers(record)[0])),
    }


def tasks() -> GStudy:
    """Give the study in which tasks are rated, by raters of their own, on persons as the items."""
    numbers = oracle.dataset("brennan_3_2").numbers("Task", "Rater", "Person", "Score")
    places, row = np.unique(numbers[:, :2], axis=0, return_inverse=True)
    scores = np.full((len(places), 10), np.nan)
    scores[row, numbers[:, 2].astype(int) - 1] = numbers[:, 3]
    return g_study(scores, places[:, 0])


def brennan(_: Record) -> Figures:
    found = tasks()
    return {
        "Task": found.target,
        "Rater:Task": found.rater,
        "Person": found.item,
        "Person:Task": found.target_item,
        "Residual": found.residual,
    }


def decisions(record: Record) -> Figures:
    study = g_study(*answers(record))
    items = answers(record)[0].shape[1]
    found = [
        d_study(study, raters=int(column.removeprefix("k=")), items=items)
        for column in record.value["cols"]
    ]
    fields = {
        "Erho2": [one.generalizability for one in found],
        "Phi": [one.dependability for one in found],
        "SEM_rel": [one.relative_sem for one in found],
        "SEM_abs": [one.absolute_sem for one in found],
        "Erho2_items_fixed": [one.same_items for one in found],
    }
    return {"values": [fields[row] for row in record.value["rows"]]}


def needed(record: Record) -> Figures:
    values, targets = answers(record)
    study = g_study(values, targets)
    numbers = {
        f"rel{percent}": raters_for(study, target=percent / 100, items=values.shape[1])
        for percent in (70, 80)
    }
    return {name: number if math.isfinite(number) else math.nan for name, number in numbers.items()}


CHECKS: Mapping[str, Check] = {
    r"g_.+\.varcomp": components,
    r"g_.+\.dstudy": decisions,
    r"g_.+\.raters_needed": needed,
    r"brennan_3_2/gstudy_p_x_\(r:t\)": brennan,
}
WITHOUT: Mapping[str, str] = {
    r"brennan_3_2/dstudy": "The persons, who are our items here, are what is measured; we measure targets.",
    r"gleser_1965/varcomp_pxixr(_EMS)?": "All raters rate everybody; ours are nested in targets.",
    r"roundrobin_A/(ex|ne)\.crossed_varcomp": "Targets rate each other; our raters are nested in targets.",
}

"""The data the reference values were made from, as our functions take them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tests.psychometrics import oracle
from tests.psychometrics.oracle import Floats, Record, Table

Groups = NDArray[np.str_]

REVERSED = {"A1", "C4", "C5", "E1", "E2", "O2", "O5"}
ITEMS: Mapping[str, tuple[str, ...]] = {
    "attitude": ("rating", "complaints", "privileges", "learning", "raises", "critical", "advance"),
    **{
        f"bfi/{trait}": tuple(f"{trait[0].upper()}{number}" for number in range(1, 6))
        for trait in ("agree", "conscientious", "extraversion", "neuroticism", "openness")
    },
    "holzinger1939": tuple(f"x{number}" for number in range(1, 10)),
    "holzinger1939/visual": ("x1", "x2", "x3"),
    "holzinger1939/textual": ("x4", "x5", "x6"),
    "holzinger1939/speed": ("x7", "x8", "x9"),
    "cohesion": tuple(f"COH0{number}" for number in range(1, 6)),
    "sirt_ratings1": tuple(f"k{number}" for number in range(1, 6)),
    "sim360_A/others": tuple(f"q{number:02d}" for number in range(1, 13)),
    **{
        f"sim360_A/comp{number + 1}": tuple(f"q{3 * number + item:02d}" for item in (1, 2, 3))
        for number in range(4)
    },
}
"""The items of each scale, by data set and, where it has several, by the name before the statistic."""


def scale(record: Record) -> str:
    """Name the scale a record is about, as in `ITEMS`."""
    part, dot, _ = record.statistic.rpartition(".")
    return f"{record.dataset}/{part}" if dot else record.dataset


def respondents(record: Record) -> Floats:
    """Give the respondents x items a record of reliability is about."""
    table = oracle.dataset(record.dataset)
    names = ITEMS[scale(record)]
    scores = table.numbers(*names)
    if record.dataset == "bfi":
        turned = np.isin(names, sorted(REVERSED))
        scores[:, turned] = 7 - scores[:, turned]
    if record.dataset == "sim360_A":
        scores = scores[table.text("group") != "self"]
    return scores


def ratings(record: Record) -> tuple[Floats, Groups, int]:
    """Give the values, groups and number of options a record about raters is about."""
    table = oracle.dataset(record.dataset)
    variable = record.statistic.split(".")[0]
    return {
        "bh1996": bh1996,
        "cohesion": cohesion,
        "roundrobin_A": roundrobin,
        "sim360_A": sim360,
    }[record.dataset](table, variable)


def bh1996(table: Table, variable: str) -> tuple[Floats, Groups, int]:
    return table.numbers(variable)[:, 0], table.text("GRP"), 5


def cohesion(table: Table, variable: str) -> tuple[Floats, Groups, int]:
    platoons = zip(table.text("UNIT"), table.text("PLATOON"), strict=True)
    groups = np.array([f"{unit} {platoon}" for unit, platoon in platoons])
    if variable == "COH":
        return table.numbers(*ITEMS["cohesion"]), groups, 5
    return table.numbers(variable)[:, 0], groups, 5


def roundrobin(table: Table, variable: str) -> tuple[Floats, Groups, int]:
    peers = table.text("perceiver.id") != table.text("target.id")
    values = table.numbers(variable.removesuffix("_peer"))[:, 0]
    return values[peers], table.text("target.id")[peers], 7


def sim360(table: Table, variable: str) -> tuple[Floats, Groups, int]:
    kind, _, group = variable.partition("_")
    members = table.text("group") == group
    items = table.numbers(*ITEMS["sim360_A/others"])[members]
    leaders = table.text("leader")[members]
    return (np.nanmean(items, axis=1) if kind == "score" else items), leaders, 5

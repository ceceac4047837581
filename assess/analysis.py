"""What a methodologist asks of a file of ratings, by the functions that reports rest on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from assess.psychometrics.agreement import NULL_VARIANCES, average_deviation, rwg_j
from assess.psychometrics.generalizability import g_study
from assess.psychometrics.nested import one_way
from assess.psychometrics.ratings import Floats, complete_rows, item_means
from assess.psychometrics.reliability import (
    alpha_within,
    cronbach_alpha,
    item_statistics,
    omega_total,
)

Figures = Mapping[str, Any]
Targets = np.ndarray[Any, np.dtype[np.str_]]


def analyse(
    scores: Floats,
    targets: Sequence[str] | None,
    *,
    items: Sequence[str],
    options: int | None,
) -> dict[str, Any]:
    """Give every figure there is, at full precision; None where the ratings cannot tell it.

    Parameters
    ----------
    scores : (N, K) raters x items, at least two; NaN = not answered
    targets
        Whom each rater rated, or None when that is not known: then there are no figures about it.
    items
        What the K columns are called.
    options
        How many options the scale has, or None when that is not known: then there is no agreement.
    """
    rows = ~np.isnan(scores).all(axis=1)  # without any answer, a row is no respondent
    scores = scores[rows]
    figures: dict[str, Any] = {
        "respondents": len(scores),
        "complete_respondents": len(complete_rows(scores)),
    }
    if targets is not None:
        rated = np.array(targets)[rows]
        figures |= {"targets": len(np.unique(rated))}
    figures |= {
        "alpha": _fields(
            cronbach_alpha(scores), ("estimate", "low", "high", "standardized", "lambda6")
        ),
        "omega": _known(omega_total(scores)) if len(items) > 2 else None,  # noqa: PLR2004 - two are no factor
        "alpha_within": None,
    }
    if targets is not None:
        figures |= _of_targets(scores, rated)
        if options is not None:
            figures |= _agreement(scores, rated, options)
    return figures | {"items": _items(scores, items)}


def _items(scores: Floats, names: Sequence[str]) -> list[Figures]:
    found = item_statistics(scores)
    columns = {
        name: getattr(found, name)
        for name in ("n", "mean", "sd", "item_rest_r", "alpha_if_dropped")
    }
    return [
        {"item": item, **{name: _known(column[at]) for name, column in columns.items()}}
        for at, item in enumerate(names)
    ]


def _of_targets(scores: Floats, targets: Targets) -> Figures:
    within = alpha_within(scores, targets)
    study = one_way(item_means(scores), targets)
    components = g_study(scores, targets)
    return {
        "alpha_within": _known(within.estimate),
        "alpha_within_low": _known(within.low),
        "alpha_within_high": _known(within.high),
        "one_way": {"targets": len(study.group_labels)}
        | _fields(study, ("mean", "between", "within", "icc1", "icc1_low", "icc1_high")),
        "g_study": _fields(components, ("target", "rater", "item", "target_item", "residual")),
    }


def _agreement(scores: Floats, targets: Targets, options: int) -> Figures:
    uniform = rwg_j(scores, targets, options=options)
    skewed = (
        rwg_j(scores, targets, options=options, null="slight_skew")
        if options in NULL_VARIANCES["slight_skew"]
        else np.empty(0)
    )
    return {
        "agreement_targets": int(np.count_nonzero(~np.isnan(uniform))),
        "rwg_j_uniform": _mean_of_known(uniform),
        "rwg_j_slight_skew": _mean_of_known(skewed),
        "average_deviation": _mean_of_known(average_deviation(scores, targets)),
    }


def _mean_of_known(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def _fields(result: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: _known(getattr(result, name)) for name in names}


def _known(value: float) -> float | int | None:
    """Return a plain number, which JSON can carry, or None for one that is not known."""
    plain = np.asarray(value).item()
    return None if np.isnan(plain) else plain

"""What we give for reference values about what items have in common."""

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import numpy as np

from assess.psychometrics.dimensions import (
    FactorLoadings,
    factor_loadings,
    maximum_likelihood,
    pairwise_correlations,
    parallel_analysis,
)
from assess.psychometrics.dimensions.rotation import varimax
from assess.psychometrics.ratings import complete
from assess.psychometrics.reliability import cronbach_alpha, omega_hierarchical
from tests.psychometrics import oracle
from tests.psychometrics.datasets import ITEMS, respondents, scale
from tests.psychometrics.oracle import Check, Figures, Floats, Record

INVENTORY = [item for scale, items in ITEMS.items() if scale.startswith("bfi/") for item in items]


def inventory() -> Floats:
    """Give all items of bfi as they were answered, none of them turned."""
    return oracle.dataset("bfi").numbers(*INVENTORY)


def one_factor(record: Record) -> Figures:
    found = factor_loadings(respondents(record), factors=1)
    return dict(zip(ITEMS[scale(record)], found.loadings[:, 0], strict=True))


def omega_of_one_factor(record: Record) -> Figures:
    found = factor_loadings(respondents(record), factors=1)
    common = found.loadings.sum() ** 2
    return {"omega": common / (common + found.uniquenesses.sum())}


def omega_of_groups(record: Record) -> Figures:
    scores = respondents(record)
    omega, alpha = omega_hierarchical(scores), cronbach_alpha(scores)
    return {
        "omega_h": omega.hierarchical,
        "omega_tot": omega.total,
        "omega_lim": omega.hierarchical / omega.total,
        "alpha": alpha.standardized,
        "G6": alpha.lambda6,
    }


def five_factors(record: Record) -> FactorLoadings:
    rotation = "oblimin" if "oblimin" in record.statistic else "varimax"
    return factor_loadings(inventory(), factors=5, rotation=rotation)


def loadings(record: Record) -> Figures:
    return {"values": matched(five_factors(record).loadings, np.array(record.value["values"]))}


def between_factors(record: Record) -> Figures:
    """Give the correlations in the record's order of factors, and with the signs it gives them."""
    theirs = np.array(record.value["values"])
    ours = five_factors(record).correlations
    ways = (np.ix_(order, order) for order in permutations(range(len(ours))))
    nearest = min((ours[way] for way in ways), key=lambda turned: misfit(turned, theirs))
    signs = np.sign(nearest[0] * theirs[0])
    return {"values": nearest * np.outer(signs, signs)}


def misfit(ours: Floats, theirs: Floats) -> float:
    return float(np.abs(np.abs(ours) - np.abs(theirs)).sum())


def matched(ours: Floats, theirs: Floats) -> Floats:
    """Put each factor beside the most congruent one of the record, and turn it the same way."""
    lengths = np.outer(np.linalg.norm(ours, axis=0), np.linalg.norm(theirs, axis=0))
    congruence = ours.T @ theirs / lengths
    nearest = np.abs(congruence).argmax(axis=0)
    return np.asarray(ours[:, nearest] * np.sign(congruence[nearest, np.arange(nearest.size)]))


def communalities(record: Record) -> Figures:
    found = factor_loadings(inventory(), factors=5)
    return dict(zip(INVENTORY, found.communalities, strict=True))


def fit(record: Record) -> Figures:
    return {"rms": five_factors(record).rms_residual}


def eigenvalues(record: Record) -> Any:
    found = parallel_analysis(inventory(), np.random.default_rng(42))
    return found.component_eigenvalues


def parallel(record: Record) -> Figures:
    """Give what does not depend on the numbers drawn; that is compared in `test_dimensions_parallel`."""
    whole = oracle.dataset(record.dataset).numbers(*ITEMS.get(record.dataset, INVENTORY))
    found = parallel_analysis(whole, np.random.default_rng(42))
    return {
        "nfact": found.factors,
        "ncomp": found.components,
        "fa_values": found.factor_eigenvalues,
        "pc_values": found.component_eigenvalues,
    }


def likelihood() -> tuple[Floats, Floats]:
    scores = inventory()
    return maximum_likelihood(pairwise_correlations(scores[complete(scores)]), factors=5)


def likely_uniquenesses(record: Record) -> Figures:
    return dict(zip(INVENTORY, likelihood()[1], strict=True))


def likely_loadings(record: Record) -> Figures:
    return {"values": matched(varimax(likelihood()[0]), np.array(record.value["values"]))}


CHECKS: Mapping[str, Check] = {
    r"fa1_minres_loadings": one_factor,
    r"omega_total_1factor_minres": omega_of_one_factor,
    r"omega_3factor_SL": omega_of_groups,
    r"fa5_minres_(varimax|oblimin)": loadings,
    r"fa5_minres_oblimin_Phi": between_factors,
    r"fa5_minres_communality": communalities,
    r"fa5_fit_(varimax|oblimin)": fit,
    r"eigenvalues_pairwise_cor": eigenvalues,
    r"parallel_analysis": parallel,
    r"factanal5_ml_uniquenesses_listwise": likely_uniquenesses,
    r"factanal5_ml_varimax_listwise": likely_loadings,
}
WITHOUT: Mapping[str, str] = {
    r"smc": "Squared multiple correlations are a step on the way to lambda 6, which we give.",
    r"kmo": "Whether items can be factored is asked by parallel analysis.",
    r"bartlett": "That no two items correlate is no question; parallel analysis asks for more.",
    r"cfa3_fit": "No function of ours fits a model with given groups of items.",
    r"cfa3_reliability": "No function of ours fits a model with given groups of items.",
    r"omega_cfa_semTools_omega3": (
        "It divides by the observed variance; omega_total divides by that of its model."
    ),
}

"""Answers to make properties of statistics hold on."""

import math

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ANSWERS = st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0])
GAPPY = st.one_of(ANSWERS, st.just(math.nan))


def tables(elements: st.SearchStrategy[float], *, least: int = 3) -> st.SearchStrategy[Floats]:
    shapes = st.tuples(st.integers(4, 14), st.integers(least, 5))
    return shapes.flatmap(lambda shape: npst.arrays(np.float64, shape, elements=elements))


def one_trait(*, respondents: int = 200, items: int = 4, seed: int = 1) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(respondents, 1)) + rng.normal(size=(respondents, items))


def by_hand(scores: Floats) -> float:
    items = scores.shape[1]
    total = scores.sum(axis=1).var(ddof=1)
    return float(items / (items - 1) * (1 - scores.var(axis=0, ddof=1).sum() / total))

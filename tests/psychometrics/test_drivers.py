from dataclasses import fields

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.model_selection import RepeatedKFold

from assess.psychometrics.drivers import FOLDS, PENALTIES, REPEATS, Drivers, drivers

Floats = NDArray[np.float64]
Leaders = NDArray[np.intp]
NAN = float("nan")
OVERALL = {"r2", "r2_low", "r2_high", "leaders", "used"}
FIGURES = [field.name for field in fields(Drivers) if field.name not in OVERALL]


def leaders_with(
    effects: list[float], *, leaders: int = 60, shared: float = 0.5, seed: int = 1
) -> tuple[Floats, Floats]:
    """Behaviours which go together, and an outcome they go with as strongly as told."""
    rng = np.random.default_rng(seed)
    behaviours = np.sqrt(shared) * rng.normal(size=(leaders, 1))
    behaviours = behaviours + np.sqrt(1 - shared) * rng.normal(size=(leaders, len(effects)))
    return behaviours, behaviours @ np.array(effects) + rng.normal(size=leaders)


USUAL = leaders_with([0.7, 0.0], leaders=40)
FEW = leaders_with([0.7, 0.0], leaders=30)


def study(behaviours: Floats, outcome: Floats, *, seed: int = 7, resamples: int = 20) -> Drivers:
    return drivers(behaviours, outcome, np.random.default_rng(seed), resamples=resamples)


def same(ours: Drivers, theirs: Drivers, *names: str) -> None:
    for name in names:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=1e-9)


@pytest.fixture(scope="module")
def usual() -> Drivers:
    """The figures of leaders without peculiarities, to compare others with."""
    return study(*USUAL)


@pytest.fixture(scope="module")
def planted() -> tuple[Floats, Floats, Drivers]:
    """One behaviour that helps, one that harms, two that do neither, one answered by two in three."""
    behaviours, outcome = leaders_with([0.9, -0.9, 0, 0, 0], leaders=100, shared=0.3)
    behaviours[::3, 4] = NAN
    return behaviours, outcome, study(behaviours, outcome, resamples=40)


def test_what_goes_with_the_outcome_stands_out(planted: tuple[Floats, Floats, Drivers]) -> None:
    found = planted[-1]
    assert found.flag.tolist() == [True, True, False, False, False]
    assert found.coefficient_low[0] > 0 > found.coefficient_high[1]
    assert found.sign_stability[:2].tolist() == [1, 1]
    assert found.r2_low > 0.2
    assert found.importance[:2].min() > 0.2
    assert found.importance[2:].max() < 0.05


def test_figures_lie_in_their_intervals(planted: tuple[Floats, Floats, Drivers]) -> None:
    found = planted[-1]
    for name in ("coefficient", "correlation"):
        assert (getattr(found, f"{name}_low") <= getattr(found, name)).all()
        assert (getattr(found, name) <= getattr(found, f"{name}_high")).all()
    assert (found.importance_low <= found.importance_high).all()
    assert found.r2_low <= found.r2 <= found.r2_high <= 1
    assert ((found.sign_stability >= 0) & (found.sign_stability <= 1)).all()


def test_the_correlation_is_of_those_who_have_both(
    planted: tuple[Floats, Floats, Drivers],
) -> None:
    behaviours, outcome, found = planted
    both = ~np.isnan(behaviours)
    expected = [
        np.corrcoef(b[w], outcome[w])[0, 1] for b, w in zip(behaviours.T, both.T, strict=True)
    ]
    np.testing.assert_allclose(found.correlation, expected)


def naive_ridge(x: Floats, y: Floats, who: Leaders) -> tuple[Floats, Floats, float, Floats]:
    """Fit to rows of which some are copies, leaving out all of one leader at a time to choose the penalty."""
    mean, sd = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    z = np.nan_to_num((x - mean) / sd)
    penalties = PENALTIES * who.size

    def solved(rows: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Slopes and level for each penalty."""
        middle, level = z[rows].mean(axis=0), y[rows].mean()
        about = z[rows] - middle
        grams = about.T @ about + penalties[:, np.newaxis, np.newaxis] * np.eye(x.shape[1])
        slopes = np.linalg.solve(grams, (about.T @ (y[rows] - level))[:, np.newaxis])[:, :, 0]
        return slopes, level - slopes @ middle

    missed = np.zeros(penalties.size)
    for leader in np.unique(who):
        slopes, levels = solved(who != leader)
        missed += ((y - levels[:, np.newaxis] - slopes @ z.T)[:, who == leader] ** 2).sum(axis=1)
    best = missed.argmin()
    slopes, levels = solved(np.ones(who.size, dtype=bool))
    return mean, sd, float(levels[best]), slopes[best]


def naive_figures(x: Floats, y: Floats, drawn: Leaders, repeats: int, seed: int) -> Floats:
    """R2 and importances from rows, copies and all, over pairs of held-out leaders."""
    there = np.flatnonzero(drawn)
    folds = RepeatedKFold(n_splits=FOLDS, n_repeats=repeats, random_state=seed)
    total = np.zeros(1 + x.shape[1])
    whole = 0.0
    for train, test in folds.split(there):
        rows, held = (np.repeat(there[part], drawn[there[part]]) for part in (train, test))
        mean, sd, level, slopes = naive_ridge(x[rows], y[rows], rows)
        z = np.nan_to_num((x[held] - mean) / sd)
        error = y[held] - level - z @ slopes
        of_mean = float(((y[held] - y[rows].mean()) ** 2).sum())
        whole += of_mean
        total[0] += of_mean - float((error**2).sum())
        for k in range(x.shape[1]):  # any held-out leader gets the score of any, equally often
            swapped = error[:, np.newaxis] - slopes[k] * (z[:, k] - z[:, [k]])
            total[1 + k] += float((swapped**2).mean(axis=1).sum() - (error**2).sum())
    return total / (whole or NAN)


@pytest.mark.parametrize("kind", ["any outcome", "one leader is the best"])
def test_everything_is_learnt_from_training_leaders_alone(kind: str) -> None:
    """Slow and in the open: each fold, each copy and each leader left out, one by one."""
    behaviours, outcome = leaders_with([0.6, 0.2], leaders=34, seed=3)
    behaviours[:4, 1] = NAN
    if kind == "one leader is the best":  # in some resamples then nobody differs
        outcome = (outcome.max() == outcome).astype(np.float64)
    found = study(behaviours, outcome, seed=11)
    rng, leaders = np.random.default_rng(11), outcome.size
    once = np.ones(leaders, dtype=np.intp)
    expected = naive_figures(behaviours, outcome, once, REPEATS, int(rng.integers(2**32)))
    np.testing.assert_allclose([found.r2, *found.importance], expected, atol=1e-8)
    draws = rng.multinomial(leaders, np.full(leaders, 1 / leaders), size=20)
    again = [naive_figures(behaviours, outcome, d, 1, int(rng.integers(2**32))) for d in draws]
    low, high = np.quantile(np.nan_to_num(again), [0.025, 0.975], axis=0)
    np.testing.assert_allclose([found.r2_low, *found.importance_low], low, atol=1e-8)
    np.testing.assert_allclose([found.r2_high, *found.importance_high], high, atol=1e-8)
    slopes = naive_ridge(behaviours, outcome, np.arange(leaders))[-1]
    np.testing.assert_allclose(found.coefficient, slopes / outcome.std(), atol=1e-8)


NOISE = leaders_with([0.0] * 160, leaders=40, shared=0.0)


def test_noise_explains_nothing_however_much_of_it_there_is() -> None:
    found = study(*NOISE)
    assert found.r2 < 0.05
    assert not found.flag.any()


def test_a_leak_would_be_seen() -> None:
    """Choosing behaviours before the split, on all leaders, is the leak that this would catch."""
    behaviours, outcome = NOISE
    products = np.abs((outcome - outcome.mean()) @ (behaviours - behaviours.mean(axis=0)))
    assert study(behaviours[:, np.argsort(products)[-15:]], outcome).r2 > 0.2


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_flagged_where_nothing_is(seed: int) -> None:
    found = study(*leaders_with([0.0] * 6, seed=seed))
    assert not found.flag.any()
    assert found.r2_low < 0


def test_behaviours_that_stand_for_each_other_share() -> None:
    behaviours, outcome = leaders_with([0.8])
    found = study(np.hstack([behaviours, behaviours]), outcome)
    assert found.coefficient[0] == pytest.approx(found.coefficient[1])
    assert found.importance[0] == pytest.approx(found.importance[1])


def test_units_do_not_matter_and_a_turned_scale_turns_the_sign(usual: Drivers) -> None:
    behaviours, outcome = USUAL
    found = study(behaviours * [-9, 1] + 3, 100 * outcome - 8)
    same(found, usual, "r2", "r2_low", "r2_high", "importance", "importance_low", "sign_stability")
    np.testing.assert_allclose(found.coefficient, usual.coefficient * [-1, 1], atol=1e-9)
    np.testing.assert_allclose(found.correlation_low[0], -usual.correlation_high[0])
    assert (found.flag == usual.flag).all()


def test_the_same_state_gives_the_same_figures(usual: Drivers) -> None:
    same(study(*USUAL), usual, *FIGURES, "r2", "r2_low", "r2_high")
    assert study(*USUAL, seed=8).r2 != usual.r2


def test_who_has_no_outcome_or_no_score_is_left_out(usual: Drivers) -> None:
    behaviours, outcome = USUAL
    more = np.vstack([behaviours, [[1.0, 1.0], [NAN, NAN]]])
    found = study(more, np.append(outcome, [NAN, 1.0]))
    same(found, usual, *FIGURES, "r2", "r2_low", "r2_high", "used")
    assert (found.leaders, found.used) == (42, 40)


def test_a_behaviour_nobody_differs_in_or_too_few_have_takes_no_part(usual: Drivers) -> None:
    behaviours, outcome = USUAL
    rare, never = np.r_[np.arange(29.0), [NAN] * 11], np.full(40, NAN)
    found = study(np.column_stack([never, behaviours, np.full(40, 3.7), rare]), outcome)
    for name in (name for name in FIGURES if name != "flag"):
        figures = getattr(found, name)
        assert np.isnan(figures[[0, 3, 4]]).all(), name
        np.testing.assert_allclose(figures[1:3], getattr(usual, name))
    assert not found.flag[[0, 3, 4]].any()
    assert found.r2 == pytest.approx(usual.r2)


@pytest.mark.parametrize(
    ("behaviours", "outcome", "used"),
    [
        (FEW[0][:29], FEW[1][:29], 29),
        (FEW[0], np.full(30, 0.1), 30),
        (FEW[0], np.full(30, NAN), 0),
        (np.full((30, 2), NAN), FEW[1], 0),
        (FEW[0][:1], FEW[1][:1], 1),
        (FEW[0][:0], FEW[1][:0], 0),
    ],
    ids=["29 leaders", "all do alike", "no outcome", "no score", "one leader", "none"],
)
def test_data_that_cannot_tell_give_nothing(behaviours: Floats, outcome: Floats, used: int) -> None:
    found = study(behaviours, outcome)
    for name in (name for name in FIGURES if name != "flag"):
        assert np.isnan(getattr(found, name)).all(), name
        assert getattr(found, name).shape == (2,)
    assert np.isnan([found.r2, found.r2_low, found.r2_high]).all()
    assert found.flag.tolist() == [False, False]
    assert found.leaders == outcome.size


def test_thirty_leaders_of_whom_one_is_different_are_enough_to_try() -> None:
    """In resamples without this one nobody differs."""
    behaviours, outcome = FEW
    one = outcome.max() == outcome
    found = study(np.column_stack([behaviours, np.where(one, 0.1, 0.3)]), one.astype(np.float64))
    assert np.isfinite([found.r2, found.r2_low, *found.correlation_low]).all()
    assert found.correlation[2] == pytest.approx(-1)
    assert found.correlation_high[2] == 0  # which is all there is to be seen without this one
    assert not found.flag.any()


def test_where_those_who_have_a_behaviour_all_do_alike_it_has_no_correlation() -> None:
    behaviours, outcome = leaders_with([0.7, 0.0], leaders=40)
    outcome[:32], behaviours[32:, 1] = 3.7, NAN
    found = study(behaviours, outcome)
    assert np.isnan(
        [found.correlation[1], found.correlation_low[1], found.correlation_high[1]]
    ).all()
    assert np.isfinite([found.correlation[0], found.coefficient[1], found.importance_low[1]]).all()


def test_nothing_stands_out_where_all_together_may_tell_nothing() -> None:
    found = study(*leaders_with([0.6, 0.3, 0.0], seed=5))
    assert found.r2_low < 0 < found.importance_low.max()
    assert not found.flag.any()


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="for each of the 60 leaders"):
        study(leaders_with([1.0])[0], np.zeros(3))
    with pytest.raises(ValueError, match="resamples is 19"):
        study(*FEW, resamples=19)
    with pytest.raises(ValueError, match="confidence is 1"):
        drivers(*FEW, np.random.default_rng(1), confidence=1)
    with pytest.raises(ValueError, match="an answer is infinite"):
        study(FEW[0], np.where(FEW[1] > 0, np.inf, FEW[1]))

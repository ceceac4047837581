from functools import cache
from string import ascii_lowercase
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from assess.psychometrics import themes as module
from assess.psychometrics.themes import LEAST_WORDS, STABLE, WORDS, Theme, _factorised, themes

Comments = tuple[list[str], NDArray[np.intp], NDArray[np.intp]]
"""Texts, who wrote them, about whom."""

OFTEN = np.repeat([3, 1], [10, 12]) / 42
"""How often each word of a topic comes, relative to the others."""
PER_LEADER = 6


def topic(name: str) -> list[str]:
    return [name + letter for letter in ascii_lowercase[: OFTEN.size]]


def comment(rng: Generator, name: str) -> str:
    return " ".join(rng.choice(topic(name), 8, replace=False, p=OFTEN))


def a_round(*topics: str, comments: int = 120, seed: int = 1) -> Comments:
    """A comment of every rater, each on one of the topics, six raters a leader."""
    rng, writers = np.random.default_rng(seed), np.arange(comments)
    names = np.resize(topics, comments)
    return [comment(rng, name) for name in names], writers, writers // PER_LEADER


def found(comments: Comments, *, seed: int = 1, minimum: int = 5) -> tuple[Theme, ...]:
    return themes(*comments, np.random.default_rng(seed), minimum=minimum)


@cache
def usual() -> tuple[Theme, ...]:
    """The themes of a round without peculiarities, to compare others with."""
    return found(a_round("care", "goal"))


def words_of(results: tuple[Theme, ...]) -> set[str]:
    return {word for theme in results for word in theme.words}


def said(comments: Comments, **how: int) -> set[str]:
    return words_of(found(comments, **how))


def with_more(
    comments: Comments, texts: list[str], raters: ArrayLike, leaders: ArrayLike
) -> Comments:
    whole = np.broadcast_to(raters, len(texts)), np.broadcast_to(leaders, len(texts))
    return (
        comments[0] + texts,
        np.append(comments[1], whole[0]),
        np.append(comments[2], whole[1]),
    )


def test_topics_are_found_as_words_that_come_together() -> None:
    results = found(a_round("care", "goal", "team"))
    assert len(results) == 3
    assert {theme.words[0][:4] for theme in results} == {"care", "goal", "team"}
    for theme in results:
        assert len(theme.words) == WORDS
        assert {word[:4] for word in theme.words} == {theme.words[0][:4]}
        assert (theme.raters, theme.leaders, theme.coverage) == (40, 20, 1 / 3)
        assert STABLE <= theme.stability <= 1


def test_the_theme_of_most_raters_comes_first() -> None:
    for topics in (["care", "care", "goal"], ["goal", "goal", "care"]):
        results = found(a_round(*topics))
        assert [theme.raters for theme in results] == [80, 40]
        assert results[0].words[0].startswith(topics[0])


def test_coverage_counts_raters_with_two_of_the_words_in_one_comment() -> None:
    texts, _, leaders = a_round("care", "goal")
    comments = texts, np.arange(120) // 2, leaders  # each rater writes twice
    for theme in found(comments):
        speaks = [len(set(theme.words) & set(text.split())) >= 2 for text in texts]
        assert theme.raters == len(set(comments[1][speaks]))
        assert theme.leaders == len(set(leaders[speaks]))
        assert theme.coverage == theme.raters / 60


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_comments_does_not_matter(seed: int) -> None:
    texts, raters, leaders = a_round("care", "goal")
    order = np.random.default_rng(seed).permutation(len(texts))
    shuffled = [texts[row] for row in order], raters[order], leaders[order]
    assert found(shuffled) == usual()


def test_the_same_state_gives_the_same_themes() -> None:
    assert found(a_round("care", "goal")) == usual()
    assert found(a_round("care", "goal"), seed=2) != usual()


@pytest.mark.parametrize("seed", range(3))
def test_words_thrown_together_make_no_theme(seed: int) -> None:
    rng, words = np.random.default_rng(seed), [*topic("care"), *topic("goal")]
    texts = [" ".join(rng.choice(words, 8, replace=False)) for _ in range(120)]
    assert found((texts, np.arange(120), np.arange(120) // PER_LEADER)) == ()


def test_comments_on_nothing_in_particular_are_of_no_theme_beside_themes() -> None:
    texts, raters, leaders = a_round("care", "goal", "rest", comments=180)
    rng, rest = np.random.default_rng(1), [f"rest{letter}" for letter in ascii_lowercase]
    vague = [" ".join(rng.choice(rest, 8, replace=False)) for _ in texts]
    mixed = [vague[row] if row % 3 == 2 else text for row, text in enumerate(texts)]
    assert {theme.words[0][:4] for theme in found((mixed, raters, leaders))} == {"care", "goal"}


def test_of_themes_that_are_stable_on_average_those_that_are_not_are_withheld() -> None:
    comments = a_round("care", "goal", "team", comments=180)
    results = found(comments)
    shares = [theme.stability for theme in results]
    with mock.patch.object(module, "STABLE", (min(shares) + np.mean(shares)) / 2):
        rest = found(comments)
    assert set(rest) < set(results)
    assert min(shares) not in {theme.stability for theme in rest}
    with mock.patch.object(module, "STABLE", (max(shares) + np.mean(shares)) / 2):
        assert found(comments) == ()


def test_words_which_nobody_joins_in_one_comment_are_no_theme() -> None:
    words = np.resize([*topic("care"), *topic("goal")], 440).tolist()
    with mock.patch.object(module, "STABLE", 0.0):
        assert found((words, np.arange(440) % 110, np.arange(440) % 30)) == ()


def test_a_rater_who_writes_a_word_again_and_again_is_one_rater() -> None:
    comments = a_round("care", "goal")
    flooded = with_more(
        comments, ["helios xylophone quagmire zeppelin"] * 40, 999, np.arange(40) % 20
    )
    assert said(flooded) == words_of(usual())


def test_a_rater_who_joins_usual_words_again_and_again_makes_no_theme() -> None:
    comments = a_round("care", "goal")
    own = "carea careb carec goala goalb goalc"
    for theme in found(with_more(comments, [own] * 400, 999, np.arange(400) % 20)):
        assert len({word[:4] for word in theme.words}) == 1


def marked(*, raters: list[int], leaders: list[int]) -> Comments:
    """A round of three hundred raters with a leader each, in which somebody also writes `helios`."""
    texts, writers, _ = a_round("care", "goal", comments=300)
    more = ["helios carea careb carec"] * len(raters)
    return with_more((texts, writers, writers), more, raters, leaders)


@pytest.mark.parametrize(
    ("raters", "leaders", "is_said"),
    [
        (range(900, 960), range(60), True),
        ([*range(900, 959), 900], range(60), False),
        (range(900, 960), [*range(59), 0], False),
    ],
    ids=["sixty of sixty", "one rater twice", "one leader twice"],
)
def test_a_word_needs_enough_raters_and_enough_leaders(
    raters: list[int], leaders: list[int], *, is_said: bool
) -> None:
    with mock.patch.object(module, "WORDS_FOR_EACH", 10):
        words = said(marked(raters=list(raters), leaders=list(leaders)), minimum=60)
    assert "carea" in words
    assert ("helios" in words) == is_said


def test_the_name_of_a_leader_whom_all_raters_name_is_not_said() -> None:
    texts, raters, leaders = a_round("care", "goal")
    names = [f"Leader{ascii_lowercase[leader]}" for leader in leaders]
    named = [f"{name} {text} {name}" for name, text in zip(names, texts, strict=True)]
    assert said((named, raters, leaders)) == words_of(usual())


@pytest.mark.parametrize(
    "unread",
    [
        "Q3-budget 4711",
        "ida.miller@example.org",
        "https://example.org/ida www.ida.example",
        "x",
        "so" * 16,
    ],
    ids=["numbers", "address", "site", "letter", "sentence without spaces"],
)
def test_what_is_no_word_is_not_read(unread: str) -> None:
    texts, raters, leaders = a_round("care", "goal")
    often = [f"{text} {unread}" if row % 6 in {2, 4} else text for row, text in enumerate(texts)]
    assert found((often, raters, leaders)) == usual()


def test_letters_are_read_alike_however_they_are_written() -> None:
    texts, raters, leaders = a_round("care", "goal")
    loud = [
        f"«{text.upper().replace(' ', ', ')}!»" if row % 2 else text
        for row, text in enumerate(texts)
    ]
    assert found((loud, raters, leaders)) == usual()


def test_words_of_more_than_half_of_the_raters_are_no_theme() -> None:
    texts, raters, leaders = a_round("care", "goal")
    common = [f"{text} and" if row % 3 else text for row, text in enumerate(texts)]
    assert found((common, raters, leaders)) == usual()


def test_a_word_of_all_topics_weighs_less_than_one_of_a_single_topic() -> None:
    rng, rest = np.random.default_rng(1), ["rest" + letter for letter in ascii_lowercase]
    texts = [
        " ".join([*rng.choice(topic(name)[:10], 4, replace=False), *rng.choice(rest, 2)])
        for name in ["care", "goal"] * 120
    ]
    also = [f"{text} also" if rng.random() < 0.47 else text for text in texts]
    words = said((also, np.arange(240), np.arange(240) // PER_LEADER))
    assert words == {*topic("care")[:10], *topic("goal")[:10]}


def test_stop_words_are_not_read() -> None:
    texts, raters, leaders = a_round("care", "goal")
    results = themes(
        texts, raters, leaders, np.random.default_rng(1), stop_words=["CAREA", "goala"]
    )
    assert results
    assert not {"carea", "goala"} & words_of(results)


def test_what_many_copy_from_each_other_is_many_raters_words() -> None:
    """Two texts and no other: as few independent comments as there can be."""
    copied = [" ".join(topic("care")), " ".join(topic("goal"))] * 30
    results = found((copied, np.arange(60), np.arange(60) // PER_LEADER))
    assert [theme.coverage for theme in results] == [0.5, 0.5]


@pytest.mark.parametrize(
    "comments",
    [
        ([], np.array([], dtype=np.intp), np.array([], dtype=np.intp)),
        ([" ", "\n"], np.arange(2), np.arange(2)),
        (["12 !", "?"], np.arange(2), np.arange(2)),
        (["She listens."] * 9, np.arange(9), np.arange(9)),
        (a_round("care", "goal", comments=24)),
        (a_round("care", "goal")[0], np.zeros(120, dtype=np.intp), np.arange(120)),
        (a_round("care", "goal")[0], np.arange(120), np.zeros(120, dtype=np.intp)),
    ],
    ids=["none", "blank", "no word", "one sentence", "few", "one rater", "one leader"],
)
def test_comments_that_cannot_tell_have_no_themes(comments: Comments) -> None:
    assert found(comments) == ()


def test_resamples_may_lack_comments_and_words_and_have_fewer_themes_than_asked_for() -> None:
    """NNDSVD divides by nothing where a row and a column are empty and the rank is too small."""
    weights = sparse.csr_array(np.array([[0.0, 0, 0], [0, 0, 0], [1, 0, 0]]))
    assert (_factorised(weights, 2, seed=1) > 0).tolist() == [[True, False, False], [False] * 3]


WORD = st.sampled_from([*topic("care"), *topic("goal")])
ROW = st.tuples(st.lists(WORD, max_size=9), st.integers(0, 9), st.integers(0, 5))


@settings(max_examples=10)
@given(
    st.lists(ROW, min_size=20, max_size=60), st.integers(2, 4), st.sampled_from(["own", "copied"])
)
def test_whatever_is_written_enough_raters_are_behind_every_word(
    rows: list[tuple[list[str], int, int]], minimum: int, kind: str
) -> None:
    full = [" ".join([*words, *topic("care" if rater % 3 else "goal")]) for words, rater, _ in rows]
    texts = full if kind == "copied" else [" ".join(words) for words, _, _ in rows]
    raters, leaders = (np.array([row[part] for row in rows]) for part in (1, 2))
    with mock.patch.multiple(module, RESAMPLES=2, STABLE=0.0, WORDS_FOR_EACH=9):
        results = found((texts, raters, leaders), minimum=minimum)
    for theme in results:
        assert LEAST_WORDS <= len(theme.words) <= WORDS
        for word in theme.words:
            together = [word in t.split() and len({*t.split()} & {*theme.words}) > 1 for t in texts]
            assert len(set(raters[together])) >= minimum
            assert len(set(leaders[together])) >= minimum


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="the minimum is 1"):
        found(a_round("care"), minimum=1)
    with pytest.raises(ValueError, match="for each of the 2"):
        themes(["a", "b"], [1], [1, 2], np.random.default_rng(1))
    with pytest.raises(ValueError, match="for each of the 2"):
        themes(["a", "b"], [1, 2], [1], np.random.default_rng(1))

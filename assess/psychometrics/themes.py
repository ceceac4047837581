"""What the comments of a round are about: words which many raters use together, never anybody's text."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import non_negative_factorization
from sklearn.preprocessing import MultiLabelBinarizer, normalize

from assess.psychometrics.ratings import Codes, Floats, Grouping, grouped

LONGEST_WORD = 30
"""In letters: more than this is a sentence written without spaces."""
COMMON = 0.5
"""A word that a larger share of the raters uses is no theme."""
WORDS, LEAST_WORDS = 10, 3
MOST_THEMES, WORDS_FOR_EACH = 8, 20
"""How many themes are tried at most, and for how many words one: of fewer, ten come back by chance."""
RESAMPLES, STABLE = 20, 0.6
STEPS = 50
"""Of the factorisation: the leading words have settled long before."""

_ADDRESS_OR_NUMBER = re.compile(r"\S*(?:[@\d]|://|www\.)\S*")
_WORD = re.compile(r"[^\W\d_]{2,}(?:['\u2019][^\W\d_]+)?")

Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Theme:
    """Words that come together in the comments of many raters.

    Attributes
    ----------
    words
        From 3 to 10, the weightiest first. A comment speaks of the theme when it has two of them.
    coverage
        Share of the raters who wrote such a comment, 0 to 1.
    raters, leaders
        How many wrote such a comment, and about how many leaders.
    stability
        How much of the ten leading words comes back when leaders are drawn anew, 0 to 1.
    """

    words: tuple[str, ...]
    coverage: float
    raters: int
    leaders: int
    stability: float


@dataclass(frozen=True)
class _Comments:
    """Which of the words each comment has, (N, V), and who wrote it about whom."""

    vocabulary: NDArray[np.object_]
    said: sparse.csr_array
    raters: Grouping
    leaders: Grouping

    def voices(self, marks: sparse.csr_array | Marks) -> tuple[Codes, Codes]:
        """Count for each column of marks, (N, any), the raters who made it and the leaders it is made of."""
        return _distinct(self.raters, marks), _distinct(self.leaders, marks)

    def widely(self, marks: sparse.csr_array | Marks, minimum: int) -> Marks:
        """Say which columns of marks are made by enough raters, of enough leaders."""
        return np.asarray(np.minimum(*self.voices(marks)) >= minimum)


def themes(
    texts: Sequence[str],
    raters: ArrayLike,
    leaders: ArrayLike,
    rng: Generator,
    *,
    minimum: int = 5,
    stop_words: Collection[str] = (),
) -> tuple[Theme, ...]:
    """Find what many raters write about many leaders, as words which come together.

    TF-IDF: each comment counts which words it has (not how often), a rare word more than a usual one,
    idf = 1 + log(raters / raters who use it), at length 1. A rater's comments share one voice, so that
    nobody becomes a theme by writing much. Non-negative matrix factorisation, X = W H with all of W and
    H at least 0 and the least squared error, then finds words that come together; the ten weightiest in a row
    of H lead a theme.

    Stability: leaders are drawn anew twenty times, with replacement, and themes are found again; each is
    paired with its counterpart so that all overlap most. It is the mean of words in common / words in
    either (Jaccard). Of 2 to 8 themes, that number is taken whose themes are stablest on average. There are
    none if that average is below 0.6, three words in four: of 120 rounds of random words not one got there.

    Nobody's text: a word counts only if at least `minimum` raters use it, and of at least `minimum` leaders
    (names of leaders and their projects fall out), and at most half of the raters. Addresses and
    whatever has a digit are not read. In a theme each word must be used by so many raters and of so many
    leaders in one comment with another of its words. Withheld are themes with fewer than three such words,
    or themselves with a stability below 0.6.

    What this cannot see to, and the caller must: two runs that differ by one comment tell what was in it. So
    give published comments only, of a round which is closed, once a round, and keep what is found in
    the release ledger: not again for parts of the round, with another `minimum`, or after a late comment.
    Print coverage and counts rounded.

    Parameters
    ----------
    texts : (N,) comments as published; blank ones are left out
    raters : (N,) who wrote each, the same label for all comments of one person. A label for each comment
        would let five comments of one rater pass for five raters.
    leaders : (N,) about whom
    rng
        Draws the resamples: the same state gives the same themes.
    minimum
        Fewest raters, and fewest leaders, of a word and so of a theme; at least 2.
    stop_words
        Words not to read, in the language of the comments, such as `ENGLISH_STOP_WORDS` of scikit-learn:
        with them themes need fewer comments. None by default, for no language is taken for granted.

    Returns
    -------
    tuple of Theme
        The one of most raters first; the order of the comments does not matter. Empty where there are
        fewer than 40 words to go by (20 for each theme), as with few comments, fewer raters or leaders than
        `minimum`, or a script that leaves no spaces between words.

    Raises
    ------
    ValueError
        When there is not one rater and one leader a comment, or with a minimum below 2.

    References
    ----------
    Lee & Seung (1999), Nature 401:788. Boutsidis & Gallopoulos (2008), Pattern Recognition 41:1350, on where
    to start. Greene, O'Callaghan & Cunningham (2014), ECML PKDD, 498, on the number of themes by stability.

    Examples
    --------
    >>> care = "listens asks hears thanks trusts praises cares welcomes encourages supports helps "
    >>> care += "mentors respects invites explains coaches smiles remembers notices forgives shares waits"
    >>> drive = "decides delivers plans measures pushes targets hurries sells budgets controls focuses "
    >>> drive += "competes negotiates invests expands saves improves orders reports acts travels wins"
    >>> rng, often = np.random.default_rng(1), np.arange(22, 0, -1) / 253
    >>> topics = [care.split(), drive.split()] * 75
    >>> texts = [" ".join(rng.choice(topic, 8, replace=False, p=often)) for topic in topics]
    >>> found = themes(texts, range(150), np.arange(150) // 10, rng)
    >>> [(theme.raters, theme.leaders, len(theme.words)) for theme in found]
    [(75, 15, 10), (75, 15, 10)]
    >>> themes(texts[:20], range(20), [*range(10), *range(10)], rng)
    ()
    """
    if minimum < 2:
        raise ValueError(
            f"the minimum is {minimum}: give at least 2, for what one rater says is no theme"
        )
    comments = _comments(texts, raters, leaders, {word.lower() for word in stop_words})
    usual = _usual(comments, minimum)
    found = (_theme(usual, *leading, minimum) for leading in _leading_words(usual, rng))
    return tuple(sorted(filter(None, found), key=lambda theme: (-theme.raters, theme.words)))


def _comments(
    texts: Sequence[str], raters: ArrayLike, leaders: ArrayLike, stop_words: set[str]
) -> _Comments:
    """Read what is not blank, in an order of its own, so that the order given tells nothing."""
    writers, rated = grouped(raters, len(texts)), grouped(leaders, len(texts))
    who, whom = writers.labels[writers.codes], rated.labels[rated.codes]
    written = [row for row, text in enumerate(texts) if text.strip()]
    rows = np.array(sorted(written, key=lambda row: (whom[row], who[row], texts[row])), np.intp)
    words = MultiLabelBinarizer(sparse_output=True)
    said = words.fit_transform([set(_words(texts[row])) - stop_words for row in rows])
    return _Comments(
        vocabulary=words.classes_,
        said=sparse.csr_array(said, dtype=np.float64),
        raters=grouped(who[rows], rows.size),
        leaders=grouped(whom[rows], rows.size),
    )


def _words(text: str) -> Iterator[str]:
    plain = _ADDRESS_OR_NUMBER.sub(" ", unicodedata.normalize("NFKC", text).lower())
    return (word for word in _WORD.findall(plain) if len(word) <= LONGEST_WORD)


def _usual(comments: _Comments, minimum: int) -> _Comments:
    """Keep the words that are neither rare nor everywhere."""
    everywhere = comments.voices(comments.said)[0] > COMMON * comments.raters.labels.size
    usual = comments.widely(comments.said, minimum) & ~everywhere
    return replace(comments, vocabulary=comments.vocabulary[usual], said=comments.said[:, usual])


def _distinct(groups: Grouping, marks: sparse.csr_array | Marks) -> Codes:
    """Count for each column of marks the groups in which it is made at all."""
    ratings = np.arange(groups.codes.size)
    shape = (groups.labels.size, ratings.size)
    member = sparse.csr_array((np.ones(ratings.size), (groups.codes, ratings)), shape=shape)
    return np.asarray(sparse.csr_array(member @ marks).count_nonzero(axis=0))


def _leading_words(comments: _Comments, rng: Generator) -> Iterator[tuple[Codes, float]]:
    """Yield the words of each theme, and how stable it is, for the number of themes that is stablest."""
    most = min(MOST_THEMES, comments.vocabulary.size // WORDS_FOR_EACH)
    if most < 2:
        return
    weights, leaders = _weights(comments)
    there = leaders.labels.size
    draws = rng.multinomial(there, np.full(there, 1 / there), size=RESAMPLES)[:, leaders.codes]
    seed = int(rng.integers(2**32))
    tried = [_tried(weights, draws, number, seed) for number in range(2, most + 1)]
    profiles, stability = max(tried, key=lambda one: one[1].mean())
    if stability.mean() >= STABLE:  # by chance one theme looks stable in ten, but not all of them
        for profile, share in zip(profiles, stability, strict=True):
            yield _by_weight(profile)[: np.count_nonzero(_leading(profile))], float(share)


def _weights(comments: _Comments) -> tuple[sparse.csr_array, Grouping]:
    """Weigh words by how few raters use them, and comments so that all raters count alike."""
    some = np.asarray(comments.said.sum(axis=1) > 0)
    rarity = np.log(comments.raters.labels.size / comments.voices(comments.said)[0]) + 1
    voice = 1 / np.sqrt(comments.raters.sizes[comments.raters.codes])
    weights = normalize(comments.said * rarity) * voice[:, np.newaxis]
    return sparse.csr_array(weights)[some], comments.leaders.only(some).inhabited()


def _tried(
    weights: sparse.csr_array, draws: Codes, number: int, seed: int
) -> tuple[Floats, Floats]:
    """Give themes as weights of words, (T, V), and how much of each comes back in the resamples, (T,)."""
    profiles = _factorised(weights, number, seed)
    again = (_factorised(weights * np.sqrt(draw)[:, np.newaxis], number, seed) for draw in draws)
    return profiles, np.mean([_found_again(profiles, other) for other in again], axis=0)


def _factorised(weights: sparse.csr_array, number: int, seed: int) -> Floats:
    comments, words = weights.sum(axis=1) > 0, weights.sum(axis=0) > 0
    some = sparse.csr_array(weights)[comments][:, words]  # empty ones leave the start undefined
    there = min(number, *some.shape)
    profiles = np.zeros((number, words.size))
    _, profiles[:there, words], _ = non_negative_factorization(
        some, n_components=there, init="nndsvd", tol=0, max_iter=STEPS, random_state=seed
    )
    return profiles


def _found_again(profiles: Floats, others: Floats) -> Floats:
    """Share of the words each theme and its counterpart have in common, of those that either has."""
    here, there = _leading(profiles).astype(float), _leading(others).astype(float)
    shared = here @ there.T
    either = here.sum(axis=1)[:, np.newaxis] + there.sum(axis=1) - shared
    overlap = shared / np.maximum(either, 1)
    return np.asarray(overlap[linear_sum_assignment(overlap, maximize=True)])


def _leading(profiles: Floats) -> Marks:
    leading = np.zeros(profiles.shape, dtype=bool)
    np.put_along_axis(leading, _by_weight(profiles)[..., :WORDS], values=True, axis=-1)
    return leading & (profiles > 0)


def _by_weight(profiles: Floats) -> Codes:
    return np.argsort(-profiles, axis=-1, kind="stable")


def _theme(comments: _Comments, words: Codes, stability: float, minimum: int) -> Theme | None:
    backed, held = _backed(comments, words, minimum)
    if backed.size < LEAST_WORDS or stability < STABLE:
        return None
    speaks = held.sum(axis=1, keepdims=True) >= 2
    raters, leaders = (int(voices[0]) for voices in comments.voices(speaks))
    return Theme(
        words=tuple(comments.vocabulary[backed].tolist()),
        coverage=raters / comments.raters.labels.size,
        raters=raters,
        leaders=leaders,
        stability=stability,
    )


def _backed(comments: _Comments, words: Codes, minimum: int) -> tuple[Codes, Marks]:
    """Leave out words, until enough raters use each in one comment with another of those left."""
    held = np.asarray(comments.said[:, words].toarray() > 0)
    backed = comments.widely(held & (held.sum(axis=1, keepdims=True) >= 2), minimum)
    return (words, held) if backed.all() else _backed(comments, words[backed], minimum)

"""How much an attack has found out, and how much chance would.

**The bounds.** By chance an attack finds one answer of a round's ten: 100 of 1,000. The number of fixed
points of a random order has no larger exponential moments than a Poisson count, so that `MOST_LINKS` come
by chance less than once in 10^11 times (Chernoff). The mean of a hundred rank correlations goes beyond
`MOST_LEANING` less than once in 10^9 times (Bernstein: each lies between -1 and 1 and has the variance 1/9).
`MOST_SILENT` of 200 silent raters, of whom chance finds a sixth, are found less than once in 10^11 times. All
attacks on both databases together raise a false alarm less than once in a million runs. An attack that works
for every second rater finds 550, and leans by 0.5.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import correlation, fmean

from tests.journeys.linkage.attacks import Guess
from tests.journeys.linkage.evidence import Truth

MOST_LINKS, MOST_LEANING, MOST_SILENT = 180, 0.3, 85


def links(truth: Truth, guess: Guess) -> int:
    """Count the answers that a guess gives to those who wrote them."""
    return sum(truth.said[person] == text for person, text in guess.items())


def leaning(truth: Truth, guess: Guess) -> float:
    """Return how far a guess by rank is in the right order, -1 to 1, where it is not right.

    It is the mean over rounds of the correlation between the rank at which somebody was seen and the rank of
    what they wrote.
    """
    writer = {text: person for person, text in truth.said.items()}
    rounds = truth.rounds
    ranks: dict[str, list[tuple[int, int]]] = defaultdict(list)
    places = {person: place for place, person in enumerate(guess)}
    for place, text in enumerate(guess.values()):
        ranks[rounds[writer[text]]].append((places[writer[text]], place))
    return fmean(correlation(*zip(*pairs, strict=True)) for pairs in ranks.values())


def order_found(truth: Truth, seen: Iterable[str]) -> float:
    """Return how far people were seen in the order in which they answered, -1 to 1."""
    place = {person: place for place, person in enumerate(dict.fromkeys(seen))}
    return fmean(
        correlation(range(len(people)), [place[person] for person in people])
        for people in truth.order.values()
    )


def silent_found(truth: Truth, seen: Iterable[str]) -> int:
    """Count who never answered among those seen first in each round, or among those seen last."""
    people: Mapping[str, list[str]] = defaultdict(list)
    for person in dict.fromkeys(seen):
        people[truth.rounds[person]].append(person)
    rounds = [(people[round_], silent) for round_, silent in truth.silent.items()]
    first = sum(_common(found[: len(silent)], silent) for found, silent in rounds)
    last = sum(_common(found[-len(silent) :], silent) for found, silent in rounds)
    return max(first, last)


def _common(some: Iterable[str], others: Iterable[str]) -> int:
    return len({*some} & {*others})

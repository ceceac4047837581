"""Mean squares of a balanced design, which hold all that its answers say of the variances."""

from dataclasses import dataclass

import numpy as np

from assess.psychometrics.generalizability.search import Fit, Parts
from assess.psychometrics.ratings import Floats, Grouping


@dataclass(frozen=True)
class Squares:
    r"""Sums of squares of answers of which none is missing, by equally many raters of each target.

    They follow the order of the components: target, rater, item, target x item, residual.

    Attributes
    ----------
    targets, raters, items
        How many: J targets, n raters of each, k items; each at least 2.
    sums : (5,) sums of squares, squared scale points
    mean
        Of all answers.
    """

    targets: int
    raters: int
    items: int
    sums: Floats
    mean: float

    @classmethod
    def of(cls, scores: Floats, raters: Grouping) -> "Squares":
        """Take the squares of (N, k) complete scores apart; `raters` tells the target of each row."""
        count, items = raters.labels.size, scores.shape[1]
        each = scores.shape[0] // count
        of_targets_items = raters.sums(scores)
        of_items = of_targets_items.sum(axis=0)
        of_targets = of_targets_items.sum(axis=1)
        of_raters = scores @ np.ones(items)
        total = of_items.sum()

        mean = total**2 / scores.size
        target = of_targets @ of_targets / (each * items) - mean
        rater = of_raters @ of_raters / items - mean - target
        item = of_items @ of_items / (count * each) - mean
        both = np.vdot(of_targets_items, of_targets_items) / each - mean - target - item
        residual = np.vdot(scores, scores) - mean - target - rater - item - both

        sums = np.array([target, rater, item, both, residual])
        return cls(count, each, items, sums, float(total / scores.size))

    @property
    def answers(self) -> int:
        return self.targets * self.raters * self.items

    @property
    def levels(self) -> Floats:
        pairs = self.targets * self.items
        return np.array([self.targets, self.targets * self.raters, self.items, pairs], dtype=float)

    @property
    def degrees(self) -> Floats:
        """Degrees of freedom, (5,)."""
        targets, raters, items = self.targets - 1, self.targets * (self.raters - 1), self.items - 1
        return np.array([targets, raters, items, targets * items, raters * items], dtype=float)

    @property
    def expected(self) -> Floats:
        """How often each component (columns) is in the expectation of each mean square (rows)."""
        j, n, k = self.targets, self.raters, self.items
        return np.array(
            [
                [n * k, k, 0, n, 1],
                [0, k, 0, 0, 1],
                [0, 0, j * n, n, 1],
                [0, 0, 0, n, 1],
                [0] * 4 + [1],
            ],
            dtype=float,
        )

    def components(self) -> Floats:
        """Equate mean squares and their expectations, (5,): some may come out below 0."""
        return np.asarray(np.linalg.solve(self.expected, self.sums / self.degrees))

    def at(self, ratios: Floats) -> Fit:
        """Evaluate the restricted likelihood."""
        expected = self.expected @ np.append(ratios, 1.0)
        parts = self.expected[:, :4].T
        return Parts(
            answers=self.answers,
            total=float(self.sums.sum()),
            weighted=float((self.sums / expected).sum()),
            logdet=float(self.degrees @ np.log(expected)),
            traces=parts @ (self.degrees / expected),
            squares=parts @ (self.sums / expected**2),
            mean=self.mean,
        ).fit()

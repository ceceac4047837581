r"""The restricted likelihood of an unbalanced design, by eliminating blocks.

Given the ratios of the variances to that of the residual, a rater's effect is eliminated by one division,
because it is in nothing but the rater's own answers. What is left of a target's answers is a k x k matrix
over the items; the effects of the target and of target x item go by inverting it. The items and the mean
then remain, k x k once more. So the work grows with the number of ratings, and many targets go at once.

In units of the residual, with o the 0/1 row of what a rater with n answers has answered:
:math:`A = \sum_r \operatorname{diag}(o) - c\, o o'` with :math:`c = \lambda_r / (1 + n \lambda_r)` is the
precision of a target's k levels, b the evidence on them, :math:`G = \lambda_{ti} I + \lambda_t 1 1'` their
variance, and :math:`E = (I + G A)^{-1}`. The items are left with the precision :math:`S = \sum_t A E` and
the evidence :math:`\sum_t E' b`.

The slope needs, for each random effect with incidence Z, the trace of Z'PZ and the squares of Z'Py, where
P is the inverse variance, projected. Both follow from one line [M, v] a level: a level's part of Z'Py is
v - M beta, so that only the product of all lines with themselves has to be kept until beta is known.

References
----------
Searle, Casella & McCulloch (1992), Variance Components, sections 6.6 and 7.6.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from assess.psychometrics.generalizability.search import Fit, Parts
from assess.psychometrics.ratings import Floats, Grouping

NUMBERS = 400_000
"""How many numbers the largest array of a block may have, so that it stays near the processor."""


@dataclass(frozen=True)
class Totals:
    """What is left when targets and raters are eliminated, summed over targets.

    Attributes
    ----------
    logdet
        Of the variance of the answers, given the items.
    squares
        Of the answers, weighted with its inverse.
    precision, evidence : (k, k) and (k,) on the items
    traces : (3,) of target, rater, target x item, given the items
    grams : (3, k + 1, k + 1) of the lines of their levels
    """

    logdet: float
    squares: float
    precision: Floats
    evidence: Floats
    traces: Floats
    grams: Floats

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.logdet + other.logdet,
            self.squares + other.squares,
            self.precision + other.precision,
            self.evidence + other.evidence,
            self.traces + other.traces,
            self.grams + other.grams,
        )


@dataclass(frozen=True)
class Block:
    """Some targets, with places for as many raters as one of them has.

    Attributes
    ----------
    answered : (targets, raters, items) 1 where there is an answer, 0 else
    counts, sums : (targets, raters) number and sum of a rater's answers
    item_counts, item_sums : (targets, items) the same of the answers about a target on an item
    """

    answered: Floats
    counts: Floats
    sums: Floats
    item_counts: Floats
    item_sums: Floats

    @classmethod
    def of(cls, scores: Floats) -> "Block":
        """Summarise (targets, raters, items) scores, NaN where not answered or where there is no rater."""
        answered = ~np.isnan(scores)
        values = np.where(answered, scores, 0.0)
        return cls(
            answered.astype(np.float64),
            answered.sum(axis=2, dtype=np.float64),
            values.sum(axis=2),
            answered.sum(axis=1, dtype=np.float64),
            values.sum(axis=1),
        )

    def eliminated(self, ratios: Floats) -> Totals:
        """Eliminate raters, then targets x items and targets."""
        target, rater, _, target_item = ratios
        kept = 1 / (1 + rater * self.counts)
        precision, evidence = self._of_targets(rater * kept)
        inverse, whole, logdet = _inverse(precision, target, target_item)

        level = evidence.sum(axis=1)
        left, left_whole = precision @ inverse, _rows(whole, precision)
        known, known_whole = _rows(evidence, inverse), (evidence * whole).sum(axis=1)
        lines, lines_whole = self.answered @ inverse, _columns(self.answered, whole)
        own = target_item * (lines * self.answered).sum(axis=2) + target * self.counts * lines_whole
        fitted = target_item * _columns(lines, evidence) + target * (level * lines_whole.T).T

        explained = (rater * kept * self.sums**2).sum() + target_item * (evidence * known).sum()
        owned = (kept * self.counts - kept**2 * own).sum()
        return Totals(
            logdet - float(np.log(kept).sum()),
            -float(explained + target * level @ known_whole),
            left.sum(axis=0),
            known.sum(axis=0),
            np.array([left_whole.sum(), owned, np.einsum("tii->", left)]),
            np.array(
                [
                    _gram(left_whole, known_whole),
                    _gram(lines * kept[:, :, np.newaxis], kept * (self.sums - fitted)),
                    _gram(left, known),
                ]
            ),
        )

    def _of_targets(self, taken: Floats) -> tuple[Floats, Floats]:
        """Give precision of and evidence on the items of each target, when raters are eliminated."""
        weighted = self.answered * taken[:, :, np.newaxis]
        precision = -(weighted.transpose(0, 2, 1) @ self.answered)
        items = np.arange(self.item_counts.shape[1])
        precision[:, items, items] += self.item_counts
        return precision, self.item_sums - _rows(self.sums, weighted)


def _inverse(precision: Floats, target: float, target_item: float) -> tuple[Floats, Floats, float]:
    """Invert I + G A for each of the (m, k, k) precisions A.

    Beside the inverses, give their row sums, which small differences make inexact when summed up, and the sum
    of the log determinants.
    """
    alone = np.eye(precision.shape[1]) + target_item * precision
    roots = np.einsum("tii->ti", np.linalg.cholesky(alone))
    inverse = np.asarray(np.linalg.inv(alone))
    column = inverse.sum(axis=2)
    row = _rows(column, precision)
    grown = 1 + target * row.sum(axis=1)
    whole = (column.T / grown).T
    inverse -= target * whole[:, :, np.newaxis] * row[:, np.newaxis, :]
    return inverse, whole, 2 * float(np.log(roots).sum()) + float(np.log(grown).sum())


def _rows(vectors: Floats, matrices: Floats) -> Floats:
    """Multiply each of (m, p) row vectors with its own of (m, p, q) matrices."""
    return np.asarray((vectors[:, np.newaxis, :] @ matrices)[:, 0, :])


def _columns(matrices: Floats, vectors: Floats) -> Floats:
    """Multiply each of (m, p, q) matrices with its own of (m, q) column vectors."""
    return np.asarray((matrices @ vectors[:, :, np.newaxis])[:, :, 0])


def _gram(lines: Floats, right: Floats) -> Floats:
    """Multiply the lines [M, v], of any number of dimensions, with themselves."""
    flat = np.column_stack([lines.reshape(-1, lines.shape[-1]), right.ravel()])
    return np.asarray(flat.T @ flat)


@dataclass(frozen=True)
class Blocks:
    """Answers of raters nested in targets, and crossed with items.

    Attributes
    ----------
    blocks
        The targets, those with about equally many raters together.
    squares
        Sum of the squared answers.
    answers, levels
        As `search.Likelihood` asks.
    """

    blocks: tuple[Block, ...]
    squares: float
    answers: int
    levels: Floats

    @classmethod
    def of(cls, scores: Floats, raters: Grouping) -> "Blocks":
        """Take the (N, k) scores of raters, of whom `raters` tells the target."""
        blocks = tuple(_blocks(scores, raters))
        pairs = sum(np.count_nonzero(block.item_counts) for block in blocks)
        rows, items = scores.shape
        return cls(
            blocks,
            float(np.nansum(scores**2)),
            int(np.count_nonzero(~np.isnan(scores))),
            np.array([raters.labels.size, rows, items, pairs], dtype=np.float64),
        )

    def at(self, ratios: Floats) -> Fit:
        """Eliminate everything, items and mean last."""
        totals = reduce(add, (block.eliminated(ratios) for block in self.blocks))
        precision, evidence, item = totals.precision, totals.evidence, float(ratios[2])
        alone = np.eye(evidence.size) + item * precision
        inverse = np.linalg.inv(alone)
        weights = inverse.sum(axis=1)
        information = float(weights @ precision.sum(axis=1))
        unsure = item * inverse + np.outer(weights, weights) / information
        levels = unsure @ evidence

        grams = np.insert(totals.grams, 2, _gram(precision, evidence), axis=0)
        traces = np.insert(totals.traces, 2, np.trace(precision))
        off = np.append(-levels, 1.0)
        return Parts(
            answers=self.answers,
            total=self.squares,
            weighted=self.squares + totals.squares - float(evidence @ levels),
            logdet=totals.logdet + float(np.linalg.slogdet(alone)[1] + np.log(information)),
            traces=traces - np.einsum("jkl,kl->j", grams[:, :-1, :-1], unsure),
            squares=off @ grams @ off,
            mean=float(weights @ evidence) / information,
        ).fit()


def _blocks(scores: Floats, raters: Grouping) -> Iterator[Block]:
    """Cut the targets into blocks, those with most raters first, filled up with raters without answers."""
    items = scores.shape[1]
    rows = np.append(np.argsort(raters.codes, kind="stable"), scores.shape[0])
    padded = np.vstack([scores, np.full(items, np.nan)])
    first = np.cumsum(raters.sizes) - raters.sizes
    order = np.argsort(-raters.sizes, kind="stable")
    start = 0
    while start < order.size:
        most = int(raters.sizes[order[start]])
        targets = order[start : start + max(1, NUMBERS // (items * max(items, most)))]
        place = np.arange(most)
        filled = place < raters.sizes[targets, np.newaxis]
        yield Block.of(padded[rows[np.where(filled, first[targets, np.newaxis] + place, -1)]])
        start += targets.size

"""Which comments are published, under whose name, and in which order."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from assess.publication.plans import Leaf

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn", "Co"})
_HIDDEN_OTHERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U0001d159\U000e0100-\U000e01ef]"
)


def publishable(
    comments: Mapping[Leaf, Sequence[str]],
    *,
    minimum: int = 5,
    label_minimum: int = 8,
    rest_minimum: int = 5,
) -> list[tuple[str, str]]:
    """Return the comments on one question that may be shown, each with the leaf it is shown under.

    Comments of named raters stand under their leaf. Those of all anonymous leaves are one pool: nothing of it
    is shown below `minimum` writers. A leaf is named only with `label_minimum` writers, and only where the
    writers of the leaves that are not named are none or at least `rest_minimum`, for they could be told
    apart by being left over.

    The order is that of a digest of the text: it tells neither who wrote first nor who wrote what else.

    Parameters
    ----------
    comments
        Texts by leaf, one of each writer.

    Returns
    -------
    list of (str, str)
        Name of the leaf, empty where it is not told, and the text.

    Examples
    --------
    >>> peers = Leaf("peer", ("peer",), 6, named=False)
    >>> chief = Leaf("supervisor", ("supervisor",), 1, named=True)
    >>> publishable({chief: ["Ask more."], peers: ["a", "b", "c", "d"]})
    [('supervisor', 'Ask more.')]
    >>> [label for label, _ in publishable({peers: ["a", "b", "c", "d", "e"]})]
    ['', '', '', '', '']
    """
    written = {leaf: _written(texts) for leaf, texts in comments.items()}
    shown = [(leaf.name, text) for leaf, texts in written.items() if leaf.named for text in texts]
    pool = {leaf.name: texts for leaf, texts in written.items() if not leaf.named}
    if sum(map(len, pool.values())) < minimum:
        return shown

    labels = _labels(pool, label_minimum=label_minimum, rest_minimum=rest_minimum)
    for label in sorted({"", *labels}):
        parts = (texts for name, texts in pool.items() if label == (name if name in labels else ""))
        shown += [(label, text) for text in _shuffled(text for part in parts for text in part)]
    return shown


def plain_text(text: str) -> str:
    r"""Return text without what cannot be seen, which could carry a mark of who wrote it.

    >>> plain_text("a\u200b  \ufb01ne\ttext\n\nand more ")
    'a fine text\n\nand more'
    """
    lines = re.sub(r"\r\n?|[\v\f\x85\u2028\u2029]", "\n", unicodedata.normalize("NFKC", text))
    seen = _HIDDEN_OTHERS.sub("", "".join(filter(_is_seen, lines.replace("\t", " "))))
    single = re.sub(r" *\n *", "\n", re.sub(r" +", " ", unicodedata.normalize("NFKC", seen)))
    return re.sub(r"\n{3,}", "\n\n", single).strip()


def _is_seen(character: str) -> bool:
    return character == "\n" or unicodedata.category(character) not in _HIDDEN_CATEGORIES


def _written(texts: Iterable[str]) -> list[str]:
    return _shuffled(plain for text in texts if (plain := plain_text(text)))


def _shuffled(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=lambda text: hashlib.blake2b(text.encode()).digest())


def _labels(
    pool: Mapping[str, Sequence[str]], *, label_minimum: int, rest_minimum: int
) -> frozenset[str]:
    """Return the leaves that may be named: all with enough writers, or none where few would be left over.

    Nor where all that are left over are of one leaf, which would be as good as named.
    """
    labels = frozenset(name for name, texts in pool.items() if len(texts) >= label_minimum)
    rest = [len(texts) for name, texts in pool.items() if texts and name not in labels]
    is_mixed = len(rest) > 1 and sum(rest) >= rest_minimum
    return labels if not rest or is_mixed else frozenset()

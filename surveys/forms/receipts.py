"""A receipt as it is written on pages, and as a rater may copy it by hand."""


def written(digest: bytes) -> str:
    """Return a digest in groups of four letters.

    >>> written(bytes(range(20)))
    '0001 0203 0405 0607 0809 0a0b 0c0d 0e0f 1011 1213'
    """
    return digest.hex(" ", 2)

"""Where the browser is, if it is here with everything that drives it."""

import ctypes
import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Return the browser's path; None where it, or a library its driver is built with, is missing."""
    if sys.platform == "linux" and not _loads("libatomic.so.1"):
        return None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True

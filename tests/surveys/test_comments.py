"""A comment carries its words and nothing else."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.publication.comments import plain_text
from surveys.ballots import sheets
from surveys.ballots.sheets import clean_comment


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Asks\u200b fir\u00adst", "Asks first"),
        ("Line one\r\nline two", "Line one\nline two"),
        ("a\u2028b\x85c\x0bd", "a\nb\nc\nd"),
        ("tab\there\x07", "tab here"),
        ("thin\u2009and\u00a0hard  blanks", "thin and hard blanks"),
        ("\ufb01ne \ufe0f\U000e0101\u3164work", "fine work"),
        ("one\n\n \n\n\ntwo", "one\n\ntwo"),
        (
            "=SUM(A1) stays, as do \u00e9\u4e16\U0001f642",
            "=SUM(A1) stays, as do \u00e9\u4e16\U0001f642",
        ),
        ("braille\u2800blank, null\U0001d159note", "brailleblank, nullnote"),
        ("\u202egnp.exe", "gnp.exe"),
        (" \u200b \n ", ""),
    ],
)
def test_only_what_can_be_seen_is_kept(written: str, kept: str) -> None:
    assert clean_comment(written) == kept


@given(st.text())
def test_a_clean_comment_stays_as_it_is(text: str) -> None:
    once = clean_comment(text)

    assert clean_comment(once) == once


@given(st.text())
def test_what_the_rater_sees_is_what_is_printed(text: str) -> None:
    """Publication cleans again, in words of its own: it must find nothing left to do."""
    assert plain_text(clean_comment(text)) == clean_comment(text) == plain_text(text)


def test_the_example_holds() -> None:
    assert doctest.testmod(sheets).failed == 0

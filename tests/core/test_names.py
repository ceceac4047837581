"""Keys have one spelling and no danger in them; slugs are file names on any system."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.names import SLUG_BYTES, NotAKeyError, folded, normal_key, slug


@pytest.mark.parametrize(
    "key", ["Ann", "7", "Zoë", "李小龍", "Ólafur", "L-01", "J. R. O'Neill_2", "राहुल", "x" * 64]
)
def test_letters_and_digits_of_any_script_make_a_key(key: str) -> None:
    assert normal_key(key) == unicodedata.normalize("NFC", key)


def test_a_key_has_one_spelling() -> None:
    assert normal_key("Zoe\u0308") == normal_key("Zoë")


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("", "the cell is empty"),
        ("../../etc/passwd", '"/" may not stand in it'),
        (".hidden", '"." may not stand first in it'),
        ("..", '"." may not stand first in it'),
        (" Ann", '" " may not stand first in it'),
        ("\u0301a", "may not stand first in it"),
        ("Ann ", "it ends with a space"),
        ("C:Ann", '":" may not stand in it'),
        ("a\\b", "may not stand in it"),
        ("a\x00b", '"\\x00" may not stand in it'),
        ("a\u202eb", '"\\u202e" may not stand in it'),
        ("a\u3164b", "may not stand in it"),
        ("Ann\n", '"\\n" may not stand in it'),
        ("=Ann", "begins like a formula"),
        ("-Ann", "begins like a formula"),
        ("x" * 65, "has 65 characters"),
    ],
)
def test_what_is_no_key_is_told_with_the_rule(key: str, wrong: str) -> None:
    with pytest.raises(NotAKeyError) as refused:
        normal_key(key)
    assert wrong in str(refused.value)
    assert "expected at most 64 letters, digits, spaces and . _ ' -" in str(refused.value)


def test_case_makes_no_difference() -> None:
    assert folded("ANN") == folded("Ann")
    assert folded("STRASSE") == folded("Straße")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Ann Lee", "ann-lee"),
        ("O'Neill", "oneill"),
        ("Łukasz 李", "łukasz-李"),
        ("J. Doe Jr.", "j.-doe-jr"),
        ("Con", "leader-con"),
        ("nul.x", "leader-nul.x"),
        ("COM1", "leader-com1"),
        ("Round", "leader-round"),
        ("...", "leader"),
        ("/", "leader"),
    ],
)
def test_a_slug_is_the_name_as_a_file_may_have_it(name: str, stem: str) -> None:
    assert slug(name) == stem


def test_a_long_slug_is_cut_and_still_its_own() -> None:
    one, other = slug("𞤀" * 64), slug("𞤀" * 63 + "𞤁")
    assert one != other
    assert len(one.encode()) <= SLUG_BYTES


@given(st.text())
def test_a_slug_is_always_one_plain_file_name(name: str) -> None:
    file = f"{slug(name)}.json"
    assert PurePosixPath(file).name == PureWindowsPath(file).name == file
    assert file.partition(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert slug(name) not in {"", ".", "..", "round"}
    assert len(file.encode()) < 255

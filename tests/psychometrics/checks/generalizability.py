"""What we give for reference values about raters nested in targets and crossed with items."""

from collections.abc import Mapping

from tests.psychometrics.oracle import Check

CHECKS: Mapping[str, Check] = {}
WITHOUT: Mapping[str, str] = {}

"""What we give for reference values about who is selected."""

from collections.abc import Mapping

from tests.psychometrics.oracle import Check

CHECKS: Mapping[str, Check] = {}
WITHOUT: Mapping[str, str] = {}

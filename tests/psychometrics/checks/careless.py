"""What we give for reference values about answers given without care."""

from collections.abc import Mapping

from tests.psychometrics.oracle import Check

CHECKS: Mapping[str, Check] = {}
WITHOUT: Mapping[str, str] = {}

"""Says of each [PATTERN, PATH] of a JSON list on standard input whether python-tuf matches them: a JSON list of booleans."""

import json
import sys

from tuf.api.metadata import DelegatedRole


def matches(pattern: str, path: str) -> bool:
    return DelegatedRole("role", [], 1, True, paths=[pattern]).is_delegated_path(path)


json.dump([matches(pattern, path) for pattern, path in json.load(sys.stdin)], sys.stdout)

"""Decodes documents with python-tuf and says what it made of each.

    decoder.py FOLDER

FOLDER holds the delegators, root.json and targets.json. Standard input has one JSON object a line: a role, the name of
its delegator, and a document in base64. Standard output answers each with one: type, version, expiry and keyids of the
document and whether its delegator's quorum has signed it; or python-tuf's error, the innermost cause last.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

from securesystemslib.exceptions import Error as SslibError
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Targets
from tuf.api.serialization import DeserializationError, SerializationError


def keyids(signed: Any) -> list[str]:
    if isinstance(signed, Root):
        return sorted(signed.keys)
    if isinstance(signed, Targets) and signed.delegations is not None:
        return sorted(signed.delegations.keys)
    return []


def verified(delegator: Any, role: str, document: Metadata) -> bool:
    try:
        delegator.verify_delegate(role, document.signed_bytes, document.signatures)
    except (RepositoryError, SerializationError, SslibError, ValueError):
        return False
    return True


def causes(error: BaseException | None) -> str:
    lines = []
    while error is not None:
        lines.append(f"{type(error).__name__}: {error}")
        error = error.__cause__
    return "\n".join(lines)


def answer(delegators: dict[str, Any], question: dict[str, str]) -> dict[str, Any]:
    try:
        document = Metadata.from_bytes(base64.b64decode(question["document"]))
    except DeserializationError as error:
        return {"error": causes(error)}
    signed = document.signed
    delegator = delegators[question["delegator"]]
    return {
        "type": signed.type,
        "version": signed.version,
        "expires": signed.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "keyids": keyids(signed),
        "verified": verified(delegator, question["role"], document),
    }


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    folder = Path(sys.argv[1])
    delegators = {
        name: Metadata.from_file(str(folder / f"{name}.json")).signed
        for name in ("root", "targets")
    }
    for line in sys.stdin:
        print(json.dumps(answer(delegators, json.loads(line))))
    return 0


if __name__ == "__main__":
    sys.exit(main())

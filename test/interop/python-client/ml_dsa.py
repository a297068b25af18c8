"""Makes a site whose keys are all ML-DSA keys of TAP 21, by python-tuf and securesystemslib.

    ml_dsa.py FOLDER

Metadata lies at the top of FOLDER, the one artifact, greet.sh, below targets/ under a name with its hash. Root's threshold is two of
three keys, one of each level. A second root has one signature of a new key that is spoilt, and two that are good.
"""

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets, Timestamp

LEVELS = ("ml-dsa-44/1", "ml-dsa-65/1", "ml-dsa-87/1")
CONTENT = b"#!/bin/sh\necho post-quantum\n"


def signed_bytes(signed, signers) -> bytes:
    metadata = Metadata(signed)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    site = Path(sys.argv[1])
    expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=30)
    signers = [CryptoSigner.generate_mldsa(scheme=level) for level in LEVELS]
    small, middle, _ = signers

    root = Root(version=1, expires=expires, consistent_snapshot=True)
    for signer in signers:
        root.add_key(signer.public_key, "root")
    root.roles["root"].threshold = 2
    root.add_key(middle.public_key, "targets")
    root.add_key(small.public_key, "snapshot")
    root.add_key(small.public_key, "timestamp")
    (site / "1.root.json").write_bytes(signed_bytes(root, signers[:2]))

    root.version = 2
    spoilt = Metadata.from_bytes(signed_bytes(root, signers))
    first = spoilt.signatures[small.public_key.keyid]
    first.signature = ("0" if first.signature[0] != "0" else "1") + first.signature[1:]
    (site / "2.root.json").write_bytes(spoilt.to_bytes())

    targets = Targets(version=1, expires=expires)
    target = TargetFile.from_data("greet.sh", CONTENT)
    targets.targets["greet.sh"] = target
    (site / "1.targets.json").write_bytes(signed_bytes(targets, [middle]))
    (site / "1.snapshot.json").write_bytes(signed_bytes(Snapshot(version=1, expires=expires), [small]))
    (site / "timestamp.json").write_bytes(signed_bytes(Timestamp(version=1, expires=expires), [small]))
    (site / "targets").mkdir()
    (site / "targets" / f"{target.hashes['sha256']}.greet.sh").write_bytes(CONTENT)
    return 0


if __name__ == "__main__":
    sys.exit(main())

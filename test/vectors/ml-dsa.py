"""Writes ml-dsa.json beside this file: keys and signatures of TAP 21 as securesystemslib makes them.

Run once, by hand, with securesystemslib 1.6 and cryptography 48 or later: keys are new at every run. `python3 test/vectors/ml-dsa.py`
"""

import json
import pathlib

from securesystemslib.signer import CryptoSigner

PAYLOAD = b'{"_type":"root","version":1}'


def case(level):
    signer = CryptoSigner.generate_mldsa(scheme=f"ml-dsa-{level}/1")
    key = signer.public_key
    return {
        "keytype": key.keytype,
        "scheme": key.scheme,
        "public": key.keyval["public"],
        "sig": signer.sign(PAYLOAD).signature,
    }


vectors = {"payload": PAYLOAD.decode(), "cases": [case(level) for level in (44, 65, 87)]}
(pathlib.Path(__file__).parent / "ml-dsa.json").write_text(json.dumps(vectors, indent=1) + "\n")

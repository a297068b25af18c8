"""Follows a repository with python-tuf: trusts ROOT, refreshes, downloads one artifact.

    client.py ROOT URL FOLDER ARTIFACT

Metadata lies at the top of URL, artifacts below targets/ with hash prefixes. FOLDER has to exist; the artifact becomes
FOLDER/download. Exits 1, with the error's kind and text, where python-tuf refuses.
"""

import sys
from pathlib import Path

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import Updater


def follow(root: Path, url: str, folder: Path, artifact: str) -> None:
    metadata = folder / "metadata"
    metadata.mkdir(exist_ok=True)  # from an earlier run, where FOLDER is that of one
    client = Updater(
        metadata_dir=str(metadata),
        metadata_base_url=url,
        target_base_url=f"{url}/targets",
        bootstrap=root.read_bytes(),
    )
    client.refresh()
    target = client.get_targetinfo(artifact)
    if target is None:
        raise RepositoryError(f"{artifact} is not there")
    client.download_target(target, str(folder / "download"))


def main() -> int:
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        return 64
    root, url, folder, artifact = sys.argv[1:]
    try:
        follow(Path(root), url, Path(folder), artifact)
    except (DownloadError, RepositoryError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

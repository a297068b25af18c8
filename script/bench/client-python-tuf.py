"""client-python-tuf.py URL FOLDER TARGET: the same as tuf-signer client download with python-tuf."""

import sys

from tuf.ngclient import Updater, UpdaterConfig

url, folder, target = sys.argv[1:]
with open(f"{folder}/metadata/root.json", "rb") as file:
    root = file.read()
updater = Updater(
    metadata_dir=f"{folder}/metadata",
    metadata_base_url=url,
    target_dir=f"{folder}/targets",
    target_base_url=f"{url}targets/",
    config=UpdaterConfig(targets_max_length=64 * 1024 * 1024),
    bootstrap=root,
)
updater.refresh()
info = updater.get_targetinfo(target)
assert info is not None
updater.download_target(info)

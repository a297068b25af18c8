import type { FirstRoot } from './view.ts';

/** How one client starts from the first root. `BASE` is where the page's own address goes. */
interface ClientGuide {
  readonly name: string;
  readonly text: string;
}

export const BASE = '\u0000BASE\u0000';

/** What to type, for each client. Sources: the clients' own documentation; FIELD notes, "TUF clients". */
export const clientGuides = ({ version }: FirstRoot): readonly ClientGuide[] => [
  {
    name: 'tuf-signer',
    text: `curl --remote-name ${BASE}/${version}.root.json
# FINGERPRINT: not from this page, but from the project's documentation or a signer
tuf-signer client init ${version}.root.json --metadata-url ${BASE}/ --fingerprint FINGERPRINT
tuf-signer client download PATH`,
  },
  {
    name: 'python-tuf',
    text: `# pip install tuf; compare the SHA-256 of ${version}.root.json first
from pathlib import Path
from tuf.ngclient import Updater

updater = Updater(
    metadata_dir="metadata",
    metadata_base_url="${BASE}/",
    target_dir=".",
    target_base_url="${BASE}/targets/",
    bootstrap=Path("${version}.root.json").read_bytes(),
)
info = updater.get_targetinfo("PATH")
if info is None:
    raise SystemExit("no such target")
print(updater.download_target(info))`,
  },
  {
    name: 'go-tuf',
    text: `// go get github.com/theupdateframework/go-tuf/v2; check(err) ends the program where err is not nil
root, err := os.ReadFile("${version}.root.json") // after comparing its SHA-256
check(err)
cfg, err := config.New("${BASE}", root)
check(err)
cfg.LocalMetadataDir, cfg.LocalTargetsDir = "metadata", "targets"
cfg.RemoteTargetsURL = "${BASE}/targets"
up, err := updater.New(cfg)
check(err)
check(up.Refresh())
info, err := up.GetTargetInfo("PATH")
check(err)
path, _, err := up.DownloadTarget(info, "", "")
check(err)`,
  },
  {
    name: 'tuf-js',
    text: `// npm install tuf-js; put ${version}.root.json into metadata/root.json after comparing its SHA-256
import { Updater } from 'tuf-js';

const updater = new Updater({
  metadataDir: 'metadata',
  metadataBaseUrl: '${BASE}',
  targetDir: 'targets',
  targetBaseUrl: '${BASE}/targets',
});
await updater.refresh();
const info = await updater.getTargetInfo('PATH');
if (info === undefined) throw new Error('no such target');
await updater.downloadTarget(info);`,
  },
  {
    name: 'cosign',
    text: `# after comparing the SHA-256 of ${version}.root.json
cosign initialize --mirror ${BASE} --root ${version}.root.json`,
  },
];

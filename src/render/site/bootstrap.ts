import type { FirstRoot } from './view.ts';

/** How one client starts from the first root. `BASE` is where the page's own address goes. */
interface ClientGuide {
  readonly name: string;
  readonly text: string;
}

export const BASE = '\u0000BASE\u0000';

/** What to type, for each client. Sources: the clients' own documentation; FIELD notes, "TUF clients". */
export const clientGuides = ({ version, file }: FirstRoot): readonly ClientGuide[] => [
  {
    name: 'tuf-signer',
    text: `curl --remote-name ${BASE}/${version}.root.json
sha256sum ${version}.root.json      # has to say ${file}
tuf-signer client init ${version}.root.json --metadata-url ${BASE}/ --targets-url ${BASE}/targets/
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
print(updater.download_target(info))`,
  },
  {
    name: 'go-tuf',
    text: `// go get github.com/theupdateframework/go-tuf/v2
root, _ := os.ReadFile("${version}.root.json") // after comparing its SHA-256
cfg, _ := config.New("${BASE}", root)
cfg.LocalMetadataDir, cfg.LocalTargetsDir = "metadata", "targets"
cfg.RemoteTargetsURL = "${BASE}/targets"
up, _ := updater.New(cfg)
_ = up.Refresh()
info, _ := up.GetTargetInfo("PATH")
path, _, _ := up.DownloadTarget(info, "", "")`,
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
await updater.downloadTarget(info);`,
  },
  {
    name: 'cosign',
    text: `# after comparing the SHA-256 of ${version}.root.json
cosign initialize --mirror ${BASE} --root ${version}.root.json`,
  },
];

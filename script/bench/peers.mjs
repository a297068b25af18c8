// The peers that this machine can have. Nothing is installed into the project: Python packages go to a folder of theirs.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const PACKAGES = ['tuf==7.0.0', 'tuf-on-ci-sign==0.21.0'];

/** `python`: an interpreter with python-tuf. `incumbent`: the command tuf-on-ci-sign. `tufJs`: is it there? */
export function findPeers(cache, say) {
  return { ...pythonPeers(join(cache, 'venv'), say), tufJs: hasTufJs(say) };
}

function pythonPeers(venv, say) {
  const [python, incumbent] = [join(venv, 'bin/python'), join(venv, 'bin/tuf-on-ci-sign')];
  try {
    if (!existsSync(incumbent)) {
      say(`installing ${PACKAGES.join(' and ')} …`);
      execFileSync('python3', ['-m', 'venv', '--clear', venv], { stdio: ['ignore', 'ignore', 'pipe'] });
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    }
    execFileSync(python, ['-c', 'import tuf.ngclient'], { stdio: ['ignore', 'ignore', 'pipe'] });
    return { python, incumbent };
  } catch (error) {
    const why = String(error.stderr ?? error.message)
      .trim()
      .split('\n')
      .at(-1);
    say(`without python-tuf and tuf-on-ci-sign: they can't be installed here (${why})`);
    return {};
  }
}

function hasTufJs(say) {
  try {
    return createRequire(import.meta.url).resolve('tuf-js') !== '';
  } catch {
    say('without tuf-js: it is not installed; run npm ci');
    return false;
  }
}

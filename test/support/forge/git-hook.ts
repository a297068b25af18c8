import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_OBJECT } from './pushes.ts';

/**
 * Runs once for each ref that is pushed, where old and new commit are both at hand. What it must refuse is in its
 * environment: refs (one a line, each before a tab and the reason), refs that may not be rewritten, workflow files.
 */
const UPDATE_HOOK = `#!/bin/sh
ref=$1 old=$2 new=$3
zero=${NO_OBJECT}
reason=$(printf '%s' "$FORGE_REFUSED" | while IFS='	' read -r name why; do
  if [ "$name" = "$ref" ]; then printf '%s' "$why"; fi
done)
if [ -n "$reason" ]; then
  echo "error: GH013: Repository rule violations found for $ref." >&2
  echo "- $reason" >&2
  exit 1
fi
if [ "$old" != $zero ] && [ "$new" != $zero ] && ! git merge-base --is-ancestor "$old" "$new"; then
  if printf '%s' "$FORGE_NO_FORCE" | grep -qxF -- "$ref"; then
    echo "error: GH013: Repository rule violations found for $ref." >&2
    echo "- Cannot force-push to this branch" >&2
    exit 1
  fi
fi
if [ -n "$FORGE_NO_WORKFLOWS" ] && [ "$new" != $zero ]; then
  tree=$(git rev-parse -q --verify "$new:.github/workflows" || true)
  if [ -n "$tree" ]; then
    known=$(git for-each-ref --format='%(objectname)' refs/heads | while read -r head; do
      if [ "$(git rev-parse -q --verify "$head:.github/workflows" || true)" = "$tree" ]; then echo yes; break; fi
    done)
    if [ -z "$known" ]; then
      echo "refusing to allow a GitHub App to create or update workflow without \\\`workflows\\\` permission" >&2
      exit 1
    fi
  fi
fi
`;

/** Writes the hooks that every repository uses. */
export function writeHooks(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'update'), UPDATE_HOOK);
  chmodSync(join(folder, 'update'), 0o755);
}

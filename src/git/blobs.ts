import { GitError } from './error.ts';
import { type ObjectId, parseObjectId } from './oid.ts';
import { type GitRepository, spawnError, spawnGit, withResolvers } from './process.ts';
import { complaintOf } from './stderr.ts';

/**
 * Writes one blob from pieces that need not fit in memory; no filter changes them. Nothing is written where the iteration
 * throws, and its error is what is thrown. Throws {@link GitError} `GIT_FAILED` where git can't write.
 */
export async function writeBlob(
  repository: GitRepository,
  pieces: AsyncIterable<Uint8Array>,
): Promise<ObjectId> {
  const child = spawnGit(repository, ['hash-object', '-w', '--stdin', '--no-filters']);
  const { promise: ended, resolve, reject } = withResolvers<number | null>();
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4_096)));
  child.stdin.on('error', () => undefined); // the exit code says why
  child.on('error', cause => reject(spawnError(cause)));
  child.on('close', resolve);
  let isOver = false;
  const over = (): void => void (isOver = true);
  ended.then(over, over); // met below, also where a piece fails first
  try {
    for await (const piece of pieces) {
      if (isOver) break;
      if (child.stdin.write(piece)) continue;
      await Promise.race([new Promise(go => child.stdin.once('drain', go)), ended]);
    }
  } catch (error) {
    // Before the end of its input git has written a temporary file at most.
    child.kill();
    await ended.catch(() => undefined);
    throw error;
  }
  child.stdin.end();
  if ((await ended) !== 0) throw new GitError('GIT_FAILED', `git hash-object failed: ${complaintOf(stderr)}`);
  return parseObjectId(stdout.trim());
}

import { clientName, clients } from '../event/clients/matrix.ts';
import { ALGORITHMS, type AlgorithmName } from '../signers/piv/algorithm.ts';

/** TUF clients that can't verify a signature by such a key, or are not known to. */
export function clientsWithout(algorithm: AlgorithmName): readonly string[] {
  const scheme = ALGORITHMS.find(({ name }) => name === algorithm)?.scheme;
  return clients
    .filter(({ schemes }) => scheme === undefined || !schemes.has(scheme))
    .map(client => clientName(client));
}

import { ForgeError } from '../error.ts';

/** `undefined` where GitHub says that there is none. */
export async function found<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ForgeError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

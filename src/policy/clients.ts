/** TUF clients by the names that a policy has for them. What each of them can't verify is known to `event/clients`. */
export const clientIds = [
  'python-tuf',
  'go-tuf',
  'tuf-js',
  'tough',
  'sigstore-java',
  'sigstore-ruby',
] as const;
export type ClientId = (typeof clientIds)[number];

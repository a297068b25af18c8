import { describe, expect, it } from 'vitest';
import { apiOf, comparePage, parseGithubPlace } from '../../../src/forge/github/place.ts';

const PLACE = { server: 'https://github.com', owner: 'town', repo: 'metadata' } as const;

describe("a remote's URL", () => {
  it.each([
    ['over HTTPS', 'https://github.com/town/metadata.git', PLACE],
    ['without an ending', 'https://github.com/town/metadata', PLACE],
    ['with a token', 'https://x-access-token:ghp_s3cret@github.com/town/metadata.git/', PLACE],
    ['over SSH', 'ssh://git@github.com:22/town/metadata.git', PLACE],
    ['over SSH in short', 'git@github.com:town/metadata.git', PLACE],
    ['with dots', 'git@github.com:town/meta.data.git', { ...PLACE, repo: 'meta.data' }],
    ['on another port', 'http://127.0.0.1:8080/town/metadata', { ...PLACE, server: 'http://127.0.0.1:8080' }],
  ])('%s is a place', (_, url, place) => expect(parseGithubPlace(url)).toEqual(place));

  it.each([
    ['of a folder', '/srv/git/town/metadata.git'],
    ['of a file', 'file:///town/metadata.git'],
    ['of a helper', 'ext::sh -c touch% /tmp/pwned'],
    ['with a deeper path', 'https://github.com/a/town/metadata.git'],
    ['that climbs', 'https://github.com/town/..'],
    ['with a line feed', 'https://github.com/town/meta\ndata x'],
    ['with what a terminal obeys', 'https://github.com/town/meta\u001b[2Jdata'],
    ['of nothing', ''],
  ])('%s is none', (_, url) => expect(parseGithubPlace(url)).toBeUndefined());
});

it('has its API where GitHub, or GitHub Enterprise Server, has it', () => {
  expect(apiOf('https://github.com').apiUrl).toBe('https://api.github.com');
  expect(apiOf('https://ghe.example')).toEqual({
    apiUrl: 'https://ghe.example/api/v3',
    graphqlUrl: 'https://ghe.example/api/graphql',
  });
});

it('has a page for opening a pull request by hand', () => {
  const fork = { ...PLACE, owner: 'carol' };
  expect(comparePage(PLACE, fork, 'sign/x')).toBe(
    'https://github.com/town/metadata/compare/sign/x...carol:metadata:sign/x?expand=1',
  );
});

import type { Asks } from '../../src/operations/asks.ts';

/** `asks you to sign root`: what an event wants of one person, one after the other. */
export function askedWords({ invited, toSign, nameless, toProve }: Asks, whom = 'you'): readonly string[] {
  const whose = whom === 'you' ? 'you hold' : `${whom} holds`;
  return [
    ...(invited.length > 0 ? [`invites ${whom} to ${invited.join(', ')}`] : []),
    ...(toSign.length > 0 ? [`asks ${whom} to sign ${toSign.join(', ')}`] : []),
    ...(nameless.length > 0
      ? [`asks for ${nameless.join(', ')} keys that are nobody's by name: ${whom} too, where ${whose} one`]
      : []),
    ...(toProve ? [`asks ${whom} to prove that ${whom === 'you' ? 'your' : 'their'} key works`] : []),
  ];
}

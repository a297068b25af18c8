import type { RuleFact, SettingChange } from '../../forge/settings.ts';
import {
  fail,
  judged,
  type Look,
  list,
  ok,
  type SettingCheck,
  unknown,
  type Verdict,
  warn,
} from './check.ts';
import { rulesetBody } from './template.ts';

const RULES_PAGE = 'settings/rules';
const STATUS = 'tuf-signer';

/** What guards main, and the branches of events. */
export const ruleChecks: readonly SettingCheck[] = [
  mainRule(
    'main-pull-request',
    'pull_request',
    'A change of main needs a pull request.',
    'Who may push could put onto main what nobody has judged.',
    'main takes pushes without a pull request',
  ),
  mainRule(
    'main-force-push',
    'non_fast_forward',
    'Main can not be rewritten.',
    'A rewritten main can go back to what was revoked.',
    'main can be rewritten (no rule blocks force pushes)',
  ),
  mainRule(
    'main-deletion',
    'deletion',
    'Main can not be deleted.',
    'A main that was deleted can be made anew, without its past.',
    'main can be deleted',
  ),
  {
    id: 'main-check',
    wanted: 'A change of main needs the status check `tuf-signer`.',
    why: 'A signing event could be merged before its quorum is reached.',
    page: RULES_PAGE,
    reads: 'api',
    settable: true,
    judge: judged('rules', (rules, look) => {
      const isAsked = rules.some(
        ({ holdsFor, requiredChecks }) => holdsFor.main && requiredChecks.includes(STATUS),
      );
      return isAsked
        ? ok(`main asks for the status check ${STATUS}`)
        : missing(`main does not ask for the status check ${STATUS}`, rules, look);
    }),
  },
  {
    id: 'main-bypass',
    wanted: "Neither GitHub Actions nor everybody who may push can bypass main's rules.",
    why: 'A workflow on any branch acts as GitHub Actions: whoever may push a branch could push to main.',
    page: RULES_PAGE,
    reads: 'api',
    settable: true,
    judge: judged('rules', judgeBypass),
  },
  {
    id: 'events',
    wanted: 'Branches sign/… can not be rewritten, and their rules do not stop GitHub Actions.',
    why: 'Signatures could be taken out of an event again; or nothing judges events.',
    page: RULES_PAGE,
    reads: 'api',
    settable: true,
    judge: judged('rules', judgeEvents),
  },
];

function mainRule(id: string, type: string, wanted: string, why: string, without: string): SettingCheck {
  return {
    id,
    wanted,
    why,
    page: RULES_PAGE,
    reads: 'api',
    settable: true,
    judge: judged('rules', (rules, look) => {
      const found = rules.find(({ holdsFor, types }) => holdsFor.main && types.has(type));
      return found === undefined
        ? missing(without, rules, look)
        : ok(`${wanted.slice(0, -1)} (${found.name})`);
    }),
  };
}

const MAIN_RULESET = 'main.json';
const EVENTS_RULESET = 'sign-history.json';

/** The ruleset that this package brings mends it, where it is known who may pass it: online signing has to. */
function missing(says: string, rules: readonly RuleFact[], look: Look): Verdict {
  const body = rulesetBody(look.template, MAIN_RULESET, look.app);
  const byHand = `import rulesets/${MAIN_RULESET} of this package there, with the App that signs online as its only bypass`;
  if (body === undefined || rules.some(({ name }) => name === body.name)) return fail(says, byHand);
  return look.app === undefined
    ? fail(says, `${byHand}; or give --app ID, the App's id, to have it set`)
    : fail(says, byHand, { kind: 'ruleset', name: body.name, body });
}

function judgeBypass(rules: readonly RuleFact[]): Verdict {
  const ofMain = rules.filter(({ holdsFor }) => holdsFor.main);
  const open = ofMain.filter(({ bypass }) =>
    bypass?.some(({ who }) => who === 'actions' || who === 'writers'),
  );
  if (open.length > 0) {
    const changes: readonly SettingChange[] = open.flatMap(({ id, name }) =>
      id === undefined ? [] : [{ kind: 'no-bypass', ruleset: id, name }],
    );
    return fail(
      `these rules of main can be bypassed from any branch, by GitHub Actions or by everybody who may push: ${list(open.map(({ name }) => name))}`,
      'take GitHub Actions and roles that may write from the bypass list; an App whose key lies in the environment online-signing may stay',
      ...changes,
    );
  }
  const hidden = ofMain.filter(({ bypass }) => bypass === undefined);
  if (hidden.length > 0)
    return unknown(
      `who may bypass these rules of main is not told to this token: ${list(hidden.map(({ name }) => name))}`,
      'look there, or use a token of somebody who administers the repository',
    );
  const others = ofMain.flatMap(({ bypass = [] }) => bypass.filter(({ who }) => who !== 'app'));
  if (others.length > 0)
    return warn(
      `rules of main do not hold for ${list([...new Set(others.map(({ name }) => name))])}`,
      'let nobody bypass them but the App that signs online',
    );
  return ok("neither GitHub Actions nor people bypass main's rules");
}

function judgeEvents(rules: readonly RuleFact[], { template }: Look): Verdict {
  const ofEvents = rules.filter(({ holdsFor }) => holdsFor.events);
  const stops = ofEvents.filter(
    ({ types, bypass }) =>
      STOPPING.some(type => types.has(type)) && bypass?.some(({ who }) => who === 'actions') === false,
  );
  if (stops.length > 0)
    return fail(
      `automation can not write to branches sign/…: ${list(stops.map(({ name }) => name))}`,
      'let GitHub Actions bypass that ruleset, and see that it does not hold for main',
    );
  if (ofEvents.some(({ types }) => types.has('non_fast_forward')))
    return ok('branches sign/… can not be rewritten');
  const body = rulesetBody(template, EVENTS_RULESET, undefined);
  const isThere = body === undefined || rules.some(({ name }) => name === body.name);
  return warn(
    'branches sign/… can be rewritten: signatures can be taken out again',
    `import rulesets/${EVENTS_RULESET} of this package`,
    ...(isThere ? [] : [{ kind: 'ruleset', name: body.name, body } as const]),
  );
}

/** Rules that a push by automation would break. */
const STOPPING = ['creation', 'update', 'pull_request', 'required_status_checks'];

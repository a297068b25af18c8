import { describe, expect, it } from 'vitest';
import type { KeyOwner } from '../../src/metadata/names.ts';
import { renderJson, reportJson } from '../../src/render/json.ts';
import { renderMarkdown } from '../../src/render/markdown.ts';
import { renderMention } from '../../src/render/mention.ts';
import { renderReasons, renderTerminal } from '../../src/render/terminal.ts';
import { columnsOf } from '../../src/render/terminal-text.ts';
import { expectGolden } from './golden.ts';
import { sampleReports } from './support.ts';

const reports = sampleReports();

describe.each([...reports])('the report %s', (name, report) => {
  it('as a page', () => {
    expectGolden(`render/${name}.md`, renderMarkdown(report));
  });

  it('on a terminal', () => {
    const text = renderTerminal(report, { colour: false, width: 80 });
    expectGolden(`render/${name}.txt`, `${text}\n`);
    expect(text.split('\n').filter(line => columnsOf(line) > 80)).toEqual([]);
  });

  it('in colour says the same', () => {
    const colour = renderTerminal(report, { colour: true, width: 80 });
    expect(colour).toContain('\u001b[');
    // eslint-disable-next-line no-control-regex
    expect(colour.replace(/\u001b\[\d+m/g, '')).toBe(renderTerminal(report, { colour: false, width: 80 }));
  });

  it('as JSON', () => {
    expectGolden(`render/${name}.json`, `${renderJson(reportJson(report))}\n`);
  });

  it('on a narrow terminal', () => {
    const text = renderTerminal(report, { colour: false, width: 40 });
    // Only a word that does not fit may stand out: a digest.
    for (const line of text.split('\n').filter(found => columnsOf(found) > 40))
      expect(line.trim()).not.toMatch(/ .* .* /);
  });

  it('mentions nobody', () => {
    expect(renderMarkdown(report)).not.toMatch(/@[\w\\]/);
  });
});

const reportNamed = (name: string): NonNullable<ReturnType<typeof reports.get>> => {
  const report = reports.get(name);
  if (report === undefined) throw new Error(`no report ${name}`);
  return report;
};

describe('renderMention', () => {
  it('calls those whose turn begins, and only them', () => {
    const text = renderMention(reportNamed('release'), new Set(['@bob' as KeyOwner, '@alice' as KeyOwner]));
    expect(text).toBe(
      'It is your turn. Please run `tuf-signer sign sign/release-1.1`.\n\n- @bob: sign targets\n',
    );
  });
  it("is nothing where it is nobody's turn", () => {
    expect(renderMention(reportNamed('hostile-names'), new Set(['@bob' as KeyOwner]))).toBeUndefined();
  });
  it('never mentions what can not be an account', () => {
    const owner = '@bob/everyone' as KeyOwner;
    const report = {
      ...reportNamed('release'),
      awaited: [{ name: owner, owner, roles: [], signatures: [], hasSeveralKeys: false }],
    };
    expect(renderMention(report, new Set([owner]))).not.toContain('@b');
  });
});

describe('renderMarkdown', () => {
  const report = reportNamed('release');
  const [role] = report.roles;
  const long = {
    ...report,
    roles: new Map([
      [
        role?.[0] ?? report.awaited[0]?.roles[0],
        { ...role?.[1], changes: Array.from({ length: 5_000 }, (_, i) => `change number ${i}`) },
      ],
    ]),
  } as typeof report;

  it('folds what is long', () => {
    const text = renderMarkdown({
      ...long,
      artifacts: Array.from({ length: 20 }, (_, i) => `file "f${i}" is added`),
    });
    expect(text).toContain('<details><summary>8 more files</summary>');
  });

  it.each([65_000, 5_000, 2_000])('keeps within %i characters, and says what it leaves out', maxLength => {
    const text = renderMarkdown(long, { maxLength });
    expect(text.length).toBeLessThanOrEqual(maxLength);
    expect(text).toMatch(/_\d+ (more )?changes left out/);
    expect(text).toContain('Pending');
  });

  it('names no command that a shell would take apart', () => {
    const text = renderMarkdown({ ...report, event: 'sign/$(reboot)' });
    expect(text).toContain('```sh\ntuf-signer sign\n```');
  });
});

describe('renderReasons', () => {
  it('tells refusals first', () => {
    const text = renderReasons(
      [
        { rule: 'peers', severity: 'warn', message: 'a' },
        {
          rule: 'expiry',
          severity: 'refuse',
          role: reportNamed('release').awaited[0]?.roles[0] ?? never(),
          message: 'b',
        },
      ],
      { colour: false, width: 80 },
    );
    expect(text).toBe('Refused\n  - targets: b [expiry]\n\nWarnings\n  - a [peers]');
  });
  it('is empty for no reasons', () => {
    expect(renderReasons([], { colour: true, width: 80 })).toBe('');
  });
});

const never = (): never => {
  throw new Error('the sample has no role');
};

import { it } from 'vitest';
import { renderMarkdown } from '../../src/render/markdown.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import { sampleReports } from './support.ts';

it('prints', () => {
  for (const [name, report] of sampleReports())
    console.log(
      name +
        '\n' +
        renderMarkdown(report) +
        '\n-----------\n' +
        renderTerminal(report, { colour: false, width: 80 }),
    );
});

import type { Reason } from '../../src/event/reason.ts';
import type { EventReport } from '../../src/event/report.ts';
import type { Prompter } from '../../src/operations/prompter.ts';
import { renderReasons, renderTerminal } from '../../src/render/terminal.ts';
import type { Output } from '../output.ts';

/** Tells the demo as it happens. */
export interface Narrator {
  chapter(title: string): void;
  say(text: string): void;
  report(report: EventReport): void;
  reasons(title: string, reasons: readonly Reason[]): void;
  /** For a person who agrees to everything, as people in demos do. */
  prompter(name: string): Prompter;
}

export function terminalNarrator(output: Output): Narrator {
  let chapters = 0;
  const options = { colour: output.colour.err, width: output.width };
  const bold = (text: string): string => (options.colour ? `\u001b[1m${text}\u001b[22m` : text);
  return {
    chapter: title => output.show(`\n${bold(`${++chapters}. ${title}`)}`),
    say: text => output.say(`   ${text}`),
    report: report => output.show(indent(renderTerminal(report, options))),
    reasons: (title, reasons) => {
      output.say(`   ${title}`);
      output.show(indent(renderReasons(reasons, options)));
    },
    prompter: name => {
      const confirm = async (question: string): Promise<boolean> => {
        output.say(`   ${name} is asked: ${question} — yes`);
        return true;
      };
      return { progress: () => undefined, show: () => undefined, confirm, confirmTrust: confirm };
    },
  };
}

const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, '     ');

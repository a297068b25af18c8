import type { Reason } from '../../src/event/reason.ts';
import { renderReasons } from '../../src/render/terminal.ts';
import type { Output } from '../output.ts';

/** Shows reasons to the person, beside the result. */
export function showReasons(output: Output, reasons: readonly Reason[]): void {
  if (reasons.length === 0) return;
  output.show(renderReasons(reasons, { colour: output.colour.err, width: output.width }));
}

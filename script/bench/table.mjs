// The rows as a Markdown table.

const TITLE = ['repository', 'what', 'median', 'best', 'peak', 'target', 'met', 'peer / ours', 'guide'];

export function table({ date, node, cpu, memory }, rows) {
  const cells = [TITLE, ...rows.map(cellsOf)];
  const widths = TITLE.map((_, i) => Math.max(...cells.map(row => row[i].length)));
  const line = row =>
    `| ${row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i < 2 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const [title, ...body] = cells.map(line);
  return `${[`${date}, Node ${node}, ${cpu}, ${memory}`, '', title, rule, ...body].join('\n')}\n`;
}

function cellsOf({ repository, name, seconds, best, mebibytes, target, met, times, ratio, guide }) {
  return [
    repository,
    name,
    `${seconds.toFixed(3)} s`,
    `${best.toFixed(3)} s`,
    mebibytes === undefined ? '-' : `${mebibytes} MiB`,
    target === undefined ? '' : targetText(target),
    met === undefined ? '' : `${met ? 'yes' : 'NO'}${times === undefined ? '' : `, ${times.toFixed(2)} x`}`,
    ratio === undefined ? '' : `${ratio.toFixed(1)} x`,
    guide === undefined ? '' : `${guide} s`,
  ];
}

function targetText({ seconds, mebibytes, times, than }) {
  if (times !== undefined) return `${times} x ${than}`;
  return [
    ...(seconds === undefined ? [] : [`${seconds} s`]),
    ...(mebibytes === undefined ? [] : [`${mebibytes} MiB`]),
  ].join(', ');
}

/**
 * What the page does by itself: says how far dates are from the reader's today, puts its own address into the commands, copies them, and
 * searches the artifacts. Text is only ever set as text. It asks nothing of anybody: the policy of the page forbids it.
 */
export const SCRIPT = `'use strict';
const byId = id => document.getElementById(id);
const DAY = 86400000;

const distance = ms => {
  const span = Math.abs(ms);
  const [n, unit] = span < 2 * DAY ? [Math.floor(span / 3600000), 'hour'] : [Math.floor(span / DAY), 'day'];
  const text = n + ' ' + unit + (n === 1 ? '' : 's');
  return ms < 0 ? text + ' ago' : 'in ' + text;
};
const now = Date.now();
for (const time of document.querySelectorAll('time[data-left]')) {
  const left = Date.parse(time.dateTime) - now;
  const note = document.createElement('small');
  note.textContent = distance(left);
  const warnAt = Date.parse(time.dataset.from || '') || 0;
  note.className = left < 0 ? 'bad' : warnAt && warnAt < now ? 'warn' : '';
  time.after(note);
}
const stale = byId('stale');
if (stale && Date.parse(stale.dataset.until) < now) stale.hidden = false;
const line = byId('today');
if (line) {
  const [from, to, left, width] = ['from', 'to', 'left', 'width'].map(name => Number(line.dataset[name]));
  const x = left + ((now - from) / (to - from)) * width;
  if (x >= left && x <= left + width) {
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
    line.removeAttribute('hidden');
    line.removeAttribute('visibility');
  }
}

if (location.protocol.startsWith('http')) {
  const base = new URL('.', location.href).href.replace(/\\/$/, '');
  for (const place of document.querySelectorAll('.base')) place.textContent = base;
}
for (const block of document.querySelectorAll('[data-copy]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', 'Copy ' + block.dataset.copy);
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(block.textContent.trim());
      byId('said').textContent = 'Copied ' + block.dataset.copy + '.';
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(block);
      byId('said').textContent = 'Marked: copy it with your keyboard.';
    }
    setTimeout(() => (button.textContent = 'Copy'), 2000);
  });
  block.before(button);
}

const input = byId('search');
const MOST = 100;
let all;
const load = () => {
  if (all) return all;
  all = [];
  for (const [role, rows] of JSON.parse(byId('artifacts').textContent)) {
    let before = '';
    for (const [shared, rest, length] of rows) {
      before = before.slice(0, shared) + rest;
      all.push([before, before.toLowerCase(), role, length]);
    }
  }
  return all;
};
const sizeOf = length => {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let value = length;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return (at === 0 ? value : value.toFixed(1)) + ' ' + units[at];
};
const show = () => {
  const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const rows = document.createDocumentFragment();
  let found = 0;
  for (const [path, folded, role, length] of load()) {
    if (!words.every(word => folded.includes(word))) continue;
    if (++found > MOST) continue;
    const row = document.createElement('tr');
    for (const [index, text] of [path, role, sizeOf(length)].entries()) {
      const cell = document.createElement(index === 0 ? 'th' : 'td');
      if (index === 0) cell.scope = 'row';
      cell.textContent = text;
      row.append(cell);
    }
    rows.append(row);
  }
  byId('found').replaceChildren(rows);
  byId('count').textContent =
    found === 0 ? 'No artifact has that in its path.' : found + (found === 1 ? ' artifact' : ' artifacts') + (found > MOST ? ', the first ' + MOST + ' of them shown' : '');
};
if (input) {
  let timer;
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(show, 120);
  });
  input.form.addEventListener('submit', event => {
    event.preventDefault();
    show();
  });
  input.form.hidden = false;
}
`;

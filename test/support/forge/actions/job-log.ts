import type { Annotation } from './results.ts';

/** Reads what a step writes: masks secrets, obeys workflow commands. Source: "Workflow commands for GitHub Actions". */
export class JobLog {
  readonly annotations: Annotation[] = [];
  readonly #masks = new Set<string>();
  #lines: string[] = [];
  #stopped: string | undefined;

  /** From here on `secret`, and each line of it, is shown as `***`. */
  mask(secret: string): void {
    for (const part of [secret, ...secret.split(/\r?\n/)]) if (part.trim() !== '') this.#masks.add(part);
  }

  /** Does a text hold something that must not be seen? */
  isSecret(text: string): boolean {
    return [...this.#masks].some(mask => text.includes(mask));
  }

  hide(text: string): string {
    // Longest first: one secret may hold another.
    const masks = [...this.#masks].sort((a, b) => b.length - a.length);
    return masks.reduce((hidden, mask) => hidden.replaceAll(mask, '***'), text);
  }

  line(text: string): void {
    if (this.#stopped !== undefined) {
      if (text === `::${this.#stopped}::`) this.#stopped = undefined;
      this.#lines.push(text);
      return;
    }
    const [, command, properties = '', value = ''] = /^\s*::([\w-]+)(?: (.*?))?::(.*)$/.exec(text) ?? [];
    if (command === undefined || !this.#obey(command, properties, unescapeData(value)))
      this.#lines.push(text);
  }

  error(message: string): void {
    this.annotations.push({ level: 'error', message: this.hide(message), properties: new Map() });
    this.#lines.push(`Error: ${message}`);
  }

  /** What was written since the last call. */
  take(): string {
    const text = this.#lines.map(line => `${this.hide(line)}\n`).join('');
    this.#lines = [];
    return text;
  }

  #obey(command: string, properties: string, value: string): boolean {
    switch (command) {
      case 'error':
      case 'warning':
      case 'notice':
        this.annotations.push({
          level: command,
          message: this.hide(value),
          properties: readProperties(properties),
        });
        this.#lines.push(`${command}: ${value}`);
        return true;
      case 'add-mask':
        this.mask(value);
        this.#lines.push('::add-mask::***');
        return true;
      case 'stop-commands':
        this.#stopped = value;
        return true;
      case 'debug':
        return true;
      default:
        // Groups and what is unknown stay; set-output and save-state were switched off by GitHub.
        return false;
    }
  }
}

const unescapeData = (text: string): string =>
  text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');

const readProperties = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split(',')
      .filter(item => item.includes('='))
      .map(item => {
        const value = item
          .slice(item.indexOf('=') + 1)
          .replaceAll('%3A', ':')
          .replaceAll('%2C', ',');
        return [item.slice(0, item.indexOf('=')), unescapeData(value)];
      }),
  );

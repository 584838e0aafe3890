/** A headless Chromium of a test: a profile of its own, one page, and what that page asked for and complained of. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Devtools, type DevtoolsEvent, type Parameters } from './devtools.ts';

/** Where Debian's package puts it. */
const program = '/usr/bin/chromium';
/** Nothing of its own goes over a network, and nothing is shared with another browser. */
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  ...['--no-default-browser-check', '--remote-debugging-pipe'],
];

export interface Screen {
  width: number;
  height: number;
  /** A phone: its own viewport, touch. */
  isMobile?: boolean;
  isDark?: boolean;
}

export class Chromium {
  /** URLs of everything that was asked for. */
  readonly asked: string[] = [];
  /** What stands in the console as an error or a warning, and exceptions that nobody caught. */
  readonly complaints: string[] = [];
  readonly #child: ChildProcess;
  readonly #devtools: Devtools;
  readonly #profile: string;
  #session = '';

  private constructor(child: ChildProcess, profile: string) {
    this.#child = child;
    this.#profile = profile;
    const [, , , to, from] = child.stdio;
    this.#devtools = new Devtools(to as Writable, from as Readable);
    this.#devtools.onEvent((event) => this.#note(event));
  }

  /** Starts it, with an empty page. */
  static async open(): Promise<Chromium> {
    const profile = await mkdtemp(join(tmpdir(), 'wgcni-chromium-'));
    const argv = [...flags, `--user-data-dir=${profile}`, 'about:blank'];
    const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    child.once('error', (error) => child.stdio[4]?.destroy(error));
    const browser = new Chromium(child, profile);
    try {
      await browser.#attach();
      return browser;
    } catch (error) {
      await browser.close();
      throw new Error(`${program} does not start`, { cause: error });
    }
  }

  async screen({ width, height, isMobile = false, isDark = false }: Screen): Promise<void> {
    await this.#send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: isMobile });
    const features = [{ name: 'prefers-color-scheme', value: isDark ? 'dark' : 'light' }];
    await this.#send('Emulation.setEmulatedMedia', { features });
  }

  /** Resolves when the document is loaded, which is before its script has drawn anything. */
  async goTo(url: string): Promise<void> {
    const { errorText } = await this.#send('Page.navigate', { url });
    if (errorText !== undefined) throw new Error(`${url}: ${JSON.stringify(errorText)}`);
  }

  /** The value of an expression, awaited; throws what it throws. */
  async evaluate<T>(expression: string): Promise<T> {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', asked);
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  /** A key pressed and let go, by its name as a page hears it. */
  async press(key: 'Tab' | 'Enter' | 'ArrowRight' | 'ArrowLeft' | 'ArrowDown' | 'ArrowUp' | 'End'): Promise<void> {
    const code = { Tab: 9, Enter: 13, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, End: 35 }[key];
    const pressed = { key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' ? { text: '\r' } : {}) };
    await this.#send('Input.dispatchKeyEvent', { type: key === 'Enter' ? 'keyDown' : 'rawKeyDown', ...pressed });
    await this.#send('Input.dispatchKeyEvent', { type: 'keyUp', ...pressed });
  }

  /** Text typed where the focus is. */
  async type(text: string): Promise<void> {
    await this.#send('Input.insertText', { text });
  }

  /** What is on the screen, as PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(String(data), 'base64');
  }

  async close(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGKILL');
      await ended;
    }
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  async #attach(): Promise<void> {
    const { targetInfos } = await this.#devtools.send('Target.getTargets');
    const page = (targetInfos as { type: string; targetId: string }[]).find(({ type }) => type === 'page');
    const { targetId } = page ?? (await this.#devtools.send('Target.createTarget', { url: 'about:blank' }));
    const { sessionId } = await this.#devtools.send('Target.attachToTarget', { targetId, flatten: true });
    this.#session = String(sessionId);
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await this.#send(`${domain}.enable`);
  }

  #send(method: string, params?: Parameters): Promise<Parameters> {
    return this.#devtools.send(method, params, this.#session);
  }

  #note({ method, params }: DevtoolsEvent): void {
    const { request, entry, exceptionDetails, type, args } = params as {
      request?: { url: string };
      entry?: { level: string; text: string; url?: string };
      exceptionDetails?: unknown;
      type?: string;
      args?: unknown;
    };
    if (method === 'Network.requestWillBeSent' && request !== undefined) this.asked.push(request.url);
    if (method === 'Log.entryAdded' && entry !== undefined && entry.level !== 'verbose' && entry.level !== 'info')
      this.complaints.push(`${entry.level}: ${entry.text} ${entry.url ?? ''}`);
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(exceptionDetails));
    if (method === 'Runtime.consoleAPICalled' && (type === 'error' || type === 'warning'))
      this.complaints.push(JSON.stringify(args));
  }
}

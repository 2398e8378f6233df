// Starts the real binary with a database and a folder of its own, runs operator commands beside it, and ends it.
// What a person does with it in a browser is in world.mjs.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nupkg } from './nupkg.mjs';

/** Both databases; a journey that touches the store walks on each. */
export const engines = ['sqlite', 'postgres'];

/** Far longer than anything here takes; it only turns a hang into a failure that can be read. */
const PATIENCE_MS = 120_000;

function setting(name) {
  assert.ok(process.env[name], `${name} is not set: run this through bin/test`);
  return process.env[name];
}

/** Runs a program to its end and answers its exit code and what it printed. */
export function run(program, args, { input = '', ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: PATIENCE_MS, maxBuffer: 1 << 28, ...options }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: error?.code ?? 0, stdout, stderr, text: stdout + stderr });
    });
    child.stdin.on('error', () => {}); // a program need not read what it is handed
    child.stdin.end(input);
  });
}

/** Runs SQL with psql and answers its bare output; fails when psql does. */
async function psql(url, sql) {
  const { code, stdout, text } = await run('psql', [url, '-AtX', '-v', 'ON_ERROR_STOP=1', '-c', sql]);
  assert.equal(code, 0, text);
  return stdout;
}

class Server {
  #child;
  #database;
  #output = { stdout: '', stderr: '' };
  #wakers = new Set();

  /** The address it printed, without a slash at the end. */
  url = '';

  constructor(folder, environment, database) {
    this.folder = folder;
    this.environment = environment;
    this.#database = database;
  }

  /** Starts `latchkey serve` and waits until it says where it runs. */
  async start() {
    this.#output.stdout = '';
    const child = spawn(setting('LATCHKEY_BIN'), ['serve'], { env: this.environment, cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', text => { this.#output[stream] += text; this.#wake(); });
    }
    child.on('error', () => this.#wake());
    child.on('close', () => this.#wake());
    this.url = (await this.printed(/Latchkey is running at (http\S+?)\/?\s/))[1];
    return this;
  }

  /** The link that an empty installation prints for its first account. */
  async setupLink() {
    return (await this.printed(/Create the first account: (http\S+)\s/))[1];
  }

  /** Everything printed so far, the log included. */
  get log() {
    return this.#output.stdout + this.#output.stderr;
  }

  #wake() {
    for (const waker of this.#wakers) waker();
  }

  /** Waits for a line on standard output. */
  printed(pattern) {
    return new Promise((resolve, reject) => {
      const settle = (end, value) => { clearTimeout(timer); this.#wakers.delete(look); end(value); };
      const look = () => {
        const match = pattern.exec(this.#output.stdout);
        if (match) settle(resolve, match);
        else if (this.#child.exitCode !== null || this.#child.signalCode !== null) settle(reject, new Error(`latchkey ended before it printed ${pattern}\n${this.log}`));
      };
      const timer = setTimeout(() => settle(reject, new Error(`latchkey never printed ${pattern}\n${this.log}`)), PATIENCE_MS);
      this.#wakers.add(look);
      look();
    });
  }

  /** Runs an operator command with the same settings, as one would beside the running server. */
  operate(args, input = '') {
    return run(setting('LATCHKEY_BIN'), args, { env: this.environment, cwd: this.folder, input });
  }

  /** Runs an operator command that must succeed, and answers what it printed on standard output. */
  async must(args, input = '') {
    const { code, stdout, text } = await this.operate(args, input);
    assert.equal(code, 0, `latchkey ${args.join(' ')}\n${text}`);
    return stdout.trim();
  }

  account(username, password, ...more) {
    return this.must(['account', 'add', '--username', username, '--email', `${username}@example.com`, ...more], `${password}\n`);
  }

  /** Makes a token from the command line and answers its secret. */
  async token({ account, allow, packages, name = 'build', days = '90d', feed }) {
    return this.must(['token', 'add', '--account', account, '--name', name, '--allow', allow.join(','), '--packages', packages.join(','),
      '--expires-in', days, ...(feed ? ['--feed', feed] : [])]);
  }

  /** Publishes packages of these names, as small as packages can be. */
  async publishes(account, names) {
    const secret = await this.token({ account, allow: ['nuget:push'], packages: ['*'], name: 'publisher' });
    for (const name of names) {
      const body = new FormData();
      body.set('package', new Blob([nupkg(name, '1.0.0')]), 'package.nupkg');
      const { status } = await fetch(`${this.url}/v3/package`, { method: 'PUT', body, headers: { 'x-nuget-apikey': secret } });
      assert.equal(status, 201, name);
    }
  }

  /** Asks the server what a secret may do: the status and the whole answer. */
  async can(secret, action, name, feed = 'main') {
    const query = new URLSearchParams({ action, package: name, feed });
    const response = await fetch(`${this.url}/api/v1/tokens/current/can?${query}`, { headers: { authorization: `Bearer ${secret}` } });
    const text = await response.text();
    return { status: response.status, ...(text.startsWith('{') ? JSON.parse(text) : { message: text }) };
  }

  /** Runs SQL on the server's own PostgreSQL database. */
  sql(statement) {
    return psql(this.#database, statement);
  }

  /** Lets the last proof of every password be long ago; PostgreSQL only. */
  forgetsProofs() {
    return this.sql(`UPDATE sessions SET state = regexp_replace(state, '"proved_at":"[0-9]+"', '"proved_at":"1"')`);
  }

  /** Every file the server keeps, as [path, bytes]; on PostgreSQL also its database as one dump. */
  async kept() {
    const files = readdirSync(this.folder, { recursive: true }).map(name => path.join(this.folder, name)).filter(name => statSync(name).isFile());
    const kept = files.map(name => [name, readFileSync(name)]);
    if (this.#database) {
      const { code, stdout, text } = await run('pg_dump', ['--inserts', this.#database]);
      assert.equal(code, 0, text);
      kept.push(['database', Buffer.from(stdout)]);
    }
    return kept;
  }

  /** Asks the server to end, as an init system does, and holds it to a clean exit. */
  async stop() {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(resolve => child.once('close', (code, signal) => resolve(code ?? signal)));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const status = await ended;
    clearTimeout(timer);
    assert.equal(status, 0, `SIGTERM ended latchkey with ${status}\n${this.log}`);
  }

  /** Stops it and removes all it had. */
  async remove() {
    try {
      await this.stop();
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
      if (this.#database) await psql(setting('TEST_DATABASE_URL'), `DROP DATABASE ${new URL(this.#database).pathname.slice(1)} WITH (FORCE)`);
    }
  }
}

async function newDatabase() {
  const url = new URL(setting('TEST_DATABASE_URL'));
  const name = `browser_${randomBytes(8).toString('hex')}`;
  await psql(url.href, `CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  return url.href;
}

/** Starts a server on an empty installation; `settings` are added to its environment. */
export async function startServer({ engine = 'sqlite', settings = {} } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-'));
  const environment = {
    PATH: process.env.PATH, HOME: folder, TMPDIR: tmpdir(), LATCHKEY_LISTEN: '127.0.0.1:0', LATCHKEY_DATA_DIR: path.join(folder, 'data'), LATCHKEY_LOG: 'trace', ...settings,
  };
  let database;
  if (engine === 'postgres') {
    database = await newDatabase();
    environment.LATCHKEY_DATABASE_URL = database;
    environment.LATCHKEY_SECRET_FILE = path.join(folder, 'secret');
    writeFileSync(environment.LATCHKEY_SECRET_FILE, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  }
  const server = new Server(folder, environment, database);
  try {
    return await server.start();
  } catch (error) {
    await server.remove().catch(() => {});
    throw error;
  }
}

// npm (that of this machine and a later one), pnpm, Yarn 1 and 4 and Bun, each in a home of its own: they publish and install
// packages at one feed with what they are given. What the feed should answer is for the tests to say.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../browser/server.mjs';

const cache = process.env.LATCHKEY_CACHE || path.join(homedir(), '.cache/latchkey');
const modules = path.join(cache, 'node/node_modules');
const scripts = { yarn1: 'yarn/bin/yarn.js', yarn4: '@yarnpkg/cli-dist/bin/yarn.js', npm12: 'npm/bin/npm-cli.js' };
const programs = { npm: 'npm', pnpm: path.join(modules, '@pnpm/exe.linux-x64/pnpm'), bun: path.join(modules, '@oven/bun-linux-x64-baseline/bin/bun') };

export class Npm {
  #number = 0;

  /** `registry` is the feed's address, with a slash at its end. */
  constructor(registry) {
    this.registry = registry;
    this.folder = mkdtempSync(path.join(tmpdir(), 'npm-'));
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A new folder of this client. */
  room(name) {
    const room = path.join(this.folder, `${name}-${this.#number += 1}`);
    mkdirSync(room);
    return room;
  }

  /** Runs a command of a client in a folder, with an empty cache and home; `key` is what its own settings hold. */
  runs(client, args, settings = {}) {
    const { program, all, options } = this.#prepares(client, args, settings);
    return run(program, all, options);
  }

  /** Starts a command that waits for somebody; what it has printed so far is its `text`, and `ended` its exit code. */
  starts(client, args, settings = {}) {
    const { program, all, options } = this.#prepares(client, args, settings);
    const child = spawn(program, all, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const started = { text: '', ended: new Promise(resolve => { child.once('close', resolve); }), stops: () => child.kill('SIGKILL') };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { started.text += text; });
    return started;
  }

  /** A home with settings in it; `user` is a username and password instead of a key. */
  #prepares(client, args, { key, user, basic = false, cwd = this.room('project'), home = this.room('home') }) {
    const credential = user ?? (basic && `api:${key}`);
    const setting = this.registry.slice(this.registry.indexOf('//'));
    const secret = credential ? `_auth=${Buffer.from(credential).toString('base64')}` : key && `_authToken=${key}`;
    const lines = [`registry=${this.registry}`, 'update-notifier=false', 'fund=false', 'fetch-retries=0', 'always-auth=true'];
    if (!existsSync(path.join(home, '.npmrc'))) writeFileSync(path.join(home, '.npmrc'), [...lines, ...(secret ? [`${setting}:${secret}`] : [])].join('\n') + '\n');
    writeFileSync(path.join(home, '.yarnrc'), `registry "${this.registry}"\n`);
    const yarnrc = [
      `npmRegistryServer: "${this.registry}"`, 'unsafeHttpWhitelist: ["127.0.0.1"]', 'npmMinimalAgeGate: 0', 'enableTelemetry: false', 'nodeLinker: node-modules',
      ...(key ? ['npmRegistries:', `  "${setting.replace(/\/$/, '')}":`, '    npmAlwaysAuth: true', `    npmAuthToken: "${key}"`] : []),
    ];
    if (client === 'yarn4') writeFileSync(path.join(cwd, '.yarnrc.yml'), `${yarnrc.join('\n')}\n`);
    if (client === 'yarn4' && !existsSync(path.join(cwd, 'yarn.lock'))) writeFileSync(path.join(cwd, 'yarn.lock'), '');
    const env = {
      PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: home, TMPDIR: home, CI: '', XDG_CACHE_HOME: path.join(home, 'cache'), XDG_DATA_HOME: path.join(home, 'data'),
      XDG_STATE_HOME: path.join(home, 'state'), XDG_CONFIG_HOME: path.join(home, 'config'), npm_config_cache: path.join(home, 'npm'),
      npm_config_globalconfig: path.join(home, 'global.npmrc'), YARN_CACHE_FOLDER: path.join(home, 'yarn'), YARN_GLOBAL_FOLDER: path.join(home, 'berry'),
      pnpm_config_fetch_retries: '0', pnpm_config_minimum_release_age: '0', pnpm_config_store_dir: path.join(home, 'store'), PNPM_HOME: home,
    };
    const options = { env, cwd };
    if (programs[client]) return { program: programs[client], all: args, options };
    return { program: process.execPath, all: [path.join(modules, scripts[client]), ...args], options };
  }

  /** A folder with a package in it. */
  package(name, version = '1.0.0', more = {}) {
    const room = this.room('package');
    writeFileSync(path.join(room, 'package.json'), JSON.stringify({ name, version, description: 'Counts things', main: 'index.js', ...more }));
    writeFileSync(path.join(room, 'index.js'), `module.exports = '${name} ${version}';\n`);
    writeFileSync(path.join(room, 'README.md'), `# ${name}\n`);
    return room;
  }

  /** Publishes a folder. */
  async publishes(client, cwd, options = {}) {
    // It packs nothing before its lockfile knows the package.
    if (client === 'yarn4') await this.runs(client, ['install'], { ...options, cwd });
    const args = {
      npm: ['publish'], npm12: ['publish'], bun: ['publish'], pnpm: ['publish', '--no-git-checks'], yarn4: ['npm', 'publish'],
      yarn1: ['publish', '--non-interactive', '--new-version', JSON.parse(readFileSync(path.join(cwd, 'package.json'))).version],
    };
    return this.runs(client, [...args[client], ...(options.more ?? [])], { ...options, cwd });
  }

  /** Installs into an empty project; `folder` of the answer is that. */
  async installs(client, spec, options = {}) {
    const folder = this.room('project');
    writeFileSync(path.join(folder, 'package.json'), '{ "name": "project", "version": "1.0.0", "private": true }');
    const verb = client.startsWith('npm') ? ['install', '--no-audit'] : ['add'];
    const result = await this.runs(client, [...verb, spec], { ...options, cwd: folder });
    return { ...result, folder };
  }
}

// NuGet.exe 5.8 under mono in a home of its own: packs, and speaks to one feed with what it is given.
// What the feed should answer is for the tests to say.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../browser/server.mjs';

const cache = process.env.LATCHKEY_CACHE || path.join(homedir(), '.cache/latchkey');
const CLIENT = path.join(cache, 'node/node_modules/nuget-exe/nuget-5.8.0.exe');

/** Packages that Debian ships, made by other people's tools. */
export const REAL_PACKAGES = [
  { id: 'Newtonsoft.Json', version: '6.0.8', file: '/usr/share/nupkg/Newtonsoft.Json.6.0.8.nupkg' },
  { id: 'NUnit', version: '2.6.4', file: '/usr/share/nupkg/NUnit.2.6.4.nupkg' },
];

export class NuGet {
  #number = 0;

  /** `index` is the feed's service index. */
  constructor(index) {
    this.index = index;
    this.folder = mkdtempSync(path.join(tmpdir(), 'nuget-'));
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

  /**
   * Runs one command in a room of its own with an empty HTTP cache and knows no feed but ours, and `also`, another one, if given.
   * `password` is what the package source's stored credentials hold; without it there are none.
   */
  async runs(args, { password, user = 'anyone', also } = {}) {
    const room = this.room('home');
    const credentials = password === undefined ? ''
      : `<packageSourceCredentials><feed><add key="Username" value="${user}" /><add key="ClearTextPassword" value="${password}" /></feed></packageSourceCredentials>`;
    writeFileSync(path.join(room, 'NuGet.Config'), `<?xml version="1.0" encoding="utf-8"?>
<configuration><packageSources><clear /><add key="feed" value="${this.index}" protocolVersion="3" />${also ? `<add key="also" value="${also}" protocolVersion="3" />` : ''}</packageSources>${credentials}</configuration>`);
    const env = {
      PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: room, TMPDIR: room, XDG_CONFIG_HOME: path.join(room, 'config'), XDG_DATA_HOME: path.join(room, 'share'),
      NUGET_PACKAGES: path.join(room, 'packages'), MONO_REGISTRY_PATH: path.join(room, 'registry'),
    };
    return run('mono', [CLIENT, ...args, '-NonInteractive', '-ForceEnglishOutput'], { env, cwd: room });
  }

  /** Runs lines as somebody pastes them into a shell, beside the given files; `nuget` is this client. Fails with the first line that does. */
  runsPasted(lines, files) {
    const room = this.room('shell');
    writeFileSync(path.join(room, 'nuget'), `#!/bin/sh\nexec mono ${CLIENT} "$@"\n`, { mode: 0o755 });
    for (const file of files) copyFileSync(file, path.join(room, path.basename(file)));
    const env = {
      PATH: `${room}:${process.env.PATH}`, LANG: 'C.UTF-8', HOME: room, TMPDIR: room, XDG_CONFIG_HOME: path.join(room, 'config'), XDG_DATA_HOME: path.join(room, 'share'),
      NUGET_PACKAGES: path.join(room, 'packages'), MONO_REGISTRY_PATH: path.join(room, 'registry'),
    };
    return run('sh', ['-e', '-c', lines], { env, cwd: room });
  }

  /** Packs a small package and answers its file; `type` is a package type other than a plain dependency. */
  packs(id, version = '1.0.0', type) {
    const types = type ? `<packageTypes><packageType name="${type}" /></packageTypes>` : '';
    return this.packsFiles(id, version, { 'content/words.txt': `${id} ${version}\n` }, types);
  }

  /** Packs files, by their paths in the package; `more` are elements of the nuspec, `options` of the command. */
  async packsFiles(id, version, files, more = '', options = []) {
    const room = this.room('pack');
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(room, file)), { recursive: true });
      writeFileSync(path.join(room, file), content);
    }
    const entries = Object.keys(files).map(file => `<file src="${file}" target="${file}" />`);
    writeFileSync(path.join(room, 'package.nuspec'), `<?xml version="1.0" encoding="utf-8"?>
<package><metadata><id>${id}</id><version>${version}</version><authors>ada</authors><description>Words for a test.</description>${more}</metadata>
<files>${entries.join('')}</files></package>`);
    const { code, text } = await this.runs(['pack', path.join(room, 'package.nuspec'), '-OutputDirectory', room, ...options]);
    assert.equal(code, 0, text);
    return path.join(room, readdirSync(room).find(name => name.endsWith('.nupkg'))); // it spells the version its own way
  }

  /** Pushes a file with an API key, or without one when `key` is undefined. */
  pushes(file, key, { more = [], ...credentials } = {}) {
    return this.runs(['push', file, '-Source', 'feed', ...(key === undefined ? [] : ['-ApiKey', key]), ...more], credentials);
  }

  /** Installs a package and answers where, besides what was printed. */
  async installs(id, version, credentials) {
    const folder = this.room('install');
    const sources = ['-Source', 'feed', ...(credentials?.also ? ['-Source', 'also'] : [])];
    const result = await this.runs(['install', id, ...(version ? ['-Version', version] : []), ...sources, '-OutputDirectory', folder], credentials);
    return { ...result, folder };
  }

  /** Restores a packages.config that names one package, or several of the same version. */
  async restores(ids, version, credentials) {
    const folder = this.room('restore');
    const list = path.join(folder, 'packages.config');
    writeFileSync(list, `<?xml version="1.0" encoding="utf-8"?><packages>${[ids].flat().map(id => `<package id="${id}" version="${version}" targetFramework="net45" />`).join('')}</packages>`);
    return { ...await this.runs(['restore', list, '-PackagesDirectory', folder], credentials), folder };
  }

  searches(term, credentials) {
    return this.runs(['search', term, '-Source', 'feed'], credentials);
  }

  /** What this client calls deleting; a feed may take it as unlisting. */
  deletes(id, version, key) {
    return this.runs(['delete', id, version, '-Source', 'feed', '-ApiKey', key]);
  }
}

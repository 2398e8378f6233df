// The dotnet command of a .NET SDK, where this machine has one: it packs, and runs lines as they are pasted into a shell. And
// https in front of a server, with a certificate that it believes. What the host should answer is for the tests to say.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { run } from '../browser/server.mjs';

const beside = name => fileURLToPath(new URL(`../smtp/${name}`, import.meta.url));
/** Who signed the certificate of `localhost`. */
export const AUTHORITY = beside('ca.pem');
/** SDKs before this one do not read NUGET_API_KEY. */
const OLDEST = [10, 0, 300];

/** Why no line of dotnet can be run here; nothing if one can. */
export async function noDotnet() {
  const program = found();
  if (!program) return 'there is no .NET SDK on this machine (dotnet in PATH, DOTNET_ROOT, or ~/.cache/package-clients/dotnet10)';
  const { code, stdout, text } = await run(program, ['--version'], { env: { ...process.env, DOTNET_NOLOGO: '1', DOTNET_CLI_HOME: tmpdir() }, cwd: path.dirname(program) });
  if (code !== 0) return `${program} has no SDK: ${text.split('\n')[0]}`;
  const version = stdout.trim().split(/[.-]/).map(Number);
  const at = OLDEST.findIndex((number, index) => version[index] !== number);
  return at >= 0 && version[at] < OLDEST[at] ? `the .NET SDK ${stdout.trim()} is older than ${OLDEST.join('.')}` : undefined;
}

function found() {
  const folders = [process.env.DOTNET_ROOT, ...(process.env.PATH ?? '').split(':'), path.join(homedir(), '.cache/package-clients/dotnet10')];
  return folders.filter(Boolean).map(folder => path.join(folder, 'dotnet')).find(existsSync);
}

/** The home of somebody who pastes lines: settings, caches, files. */
export class Dotnet {
  constructor() {
    this.program = found();
    this.folder = mkdtempSync(path.join(tmpdir(), 'dn-'));
    const settings = path.join(this.folder, '.nuget/NuGet');
    mkdirSync(settings, { recursive: true });
    // Without the gallery that every home has at first: nothing is asked of other hosts.
    writeFileSync(path.join(settings, 'NuGet.Config'), '<?xml version="1.0" encoding="utf-8"?>\n<configuration><packageSources><clear /></packageSources></configuration>\n');
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A file of this home. */
  writes(name, content) {
    const file = path.join(this.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** Makes this folder that of a project, which refers to one version of a package or to none. */
  begins(reference) {
    const item = reference ? `<ItemGroup><PackageReference Include="${reference}" Version="1.0.0" /></ItemGroup>` : '';
    this.writes('App.csproj', `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>${item}</Project>\n`);
  }

  /** Runs lines as a shell does into which they are pasted, up to the first that fails. */
  pastes(lines, more = {}) {
    const env = {
      PATH: `${path.dirname(this.program)}:${process.env.PATH}`, LANG: 'C.UTF-8', HOME: this.folder, TMPDIR: this.folder, SSL_CERT_FILE: AUTHORITY,
      DOTNET_ROOT: path.dirname(this.program), DOTNET_NOLOGO: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_CLI_UI_LANGUAGE: 'en', DOTNET_GENERATE_ASPNET_CERTIFICATE: 'false',
      DOTNET_EnableDiagnostics: '0', MSBUILDDISABLENODEREUSE: '1', UseSharedCompilation: 'false', ...more,
    };
    return run('sh', ['-e', '-c', lines], { env, cwd: this.folder });
  }

  /** Packs a package of a library into this folder. */
  async packs(id) {
    this.writes(`${id}/${id}.csproj`, '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>\n');
    this.writes(`${id}/Words.cs`, 'public class Words { }\n');
    const { code, text } = await this.pastes(`dotnet pack ${id} -o .`);
    assert.equal(code, 0, text);
  }
}

/** Forwards https at a port of `localhost` to a port of this machine; answers how to end that. */
export async function startHttps(port, to) {
  const pem = readFileSync(beside('localhost.pem'));
  const sockets = new Set();
  const server = createServer({ key: pem, cert: pem }, client => {
    const node = connect(to, '127.0.0.1');
    for (const [socket, other] of [[client, node], [node, client]]) {
      sockets.add(socket);
      socket.on('error', () => other.destroy()).on('close', () => { sockets.delete(socket); other.destroy(); });
      socket.pipe(other);
    }
  });
  server.on('tlsClientError', () => {});
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return () => new Promise(resolve => {
    server.close(resolve);
    for (const socket of sockets) socket.destroy();
  });
}

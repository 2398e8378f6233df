// A container registry (Debian's docker-registry) behind a real nginx with the configuration of docs/, and the clients that
// use it: Skopeo, the Docker engine in a process of its own. What they should be answered is for the tests to say.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { run } from '../browser/server.mjs';

export const SERVICE = 'registry.test';
const SECRET = 'what the registry shows';

/** A port that nobody listens at. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Settings of a server that gives access to registries behind a proxy on this machine. */
export async function settings() {
  const address = `127.0.0.1:${await freePort()}`;
  return {
    LATCHKEY_LISTEN: address, LATCHKEY_PUBLIC_URL: `http://${address}`, LATCHKEY_INSECURE_HTTP: 'true',
    LATCHKEY_TRUSTED_PROXIES: '127.0.0.1', LATCHKEY_REGISTRY_SERVICES: SERVICE, LATCHKEY_REGISTRY_SECRET: SECRET,
  };
}

/** Programs with a folder of their own, which end and go together. */
export class Stage {
  #children = [];

  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), 'registry-'));
  }

  /** Starts a program and waits until something listens at a port, or a condition holds. */
  async start(program, args, ready, env = {}) {
    const log = path.join(this.folder, `${path.basename(program)}-${this.#children.length}.log`);
    const out = openSync(log, 'w');
    const child = spawn(program, args, { env: { PATH: `/usr/sbin:/sbin:${process.env.PATH}`, HOME: this.folder, TMPDIR: this.folder, ...env }, stdio: ['ignore', out, out] });
    closeSync(out);
    child.on('error', () => {});
    this.#children.push(child);
    for (let tries = 0; tries < 300; tries += 1) {
      if (await ready()) return log;
      if (child.exitCode !== null || child.signalCode !== null) break;
      await wait(100);
    }
    throw new Error(`${program} did not start:\n${readFileSync(log, 'utf8').slice(-3000)}`);
  }

  /** Ends everything, the last first. */
  async remove() {
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null || !child.pid) continue;
      const ended = new Promise(resolve => child.once('close', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const listens = port => () => new Promise(resolve => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); }).once('error', () => resolve(false));
});

/** Debian's docker-registry, which believes what the server signs. Its address. */
export async function startRegistry(stage, server, service = SERVICE) {
  const port = await freePort();
  const certificate = await fetch(`${server.url}/container/certificate.pem`);
  assert.equal(certificate.status, 200);
  writeFileSync(path.join(stage.folder, 'latchkey.pem'), await certificate.text());
  const file = path.join(stage.folder, 'registry.yml');
  writeFileSync(file, [
    'version: 0.1', 'log: {level: info}', 'storage:', `  filesystem: {rootdirectory: ${stage.folder}/images}`, '  delete: {enabled: true}',
    `http: {addr: "127.0.0.1:${port}", secret: loopback}`, 'auth:', '  token:', `    realm: ${server.url}/container/token`, `    service: ${service}`,
    '    issuer: latchkey', `    rootcertbundle: ${stage.folder}/latchkey.pem`,
    'notifications:', '  endpoints:', '    - name: latchkey', `      url: ${server.url}/container/notifications`,
    `      headers: {Authorization: [Bearer ${SECRET}]}`, '      timeout: 5s', '      threshold: 3', '      backoff: 1s', '',
  ].join('\n'));
  await stage.start('docker-registry', ['serve', file], listens(port), { OTEL_TRACES_EXPORTER: 'none' });
  return `127.0.0.1:${port}`;
}

/** A real nginx with a configuration of the documentation, changed only where it says CHANGE. Its address. */
export async function startNginx(stage, server, name, changes, address) {
  const port = address ? Number(address.split(':')[1]) : await freePort();
  const node = new URL(server.url).host;
  const all = {
    nodes: `server ${node};`, port: `listen 127.0.0.1:${port};`, name: 'server_name localhost;', 'certificate and chain': '', key: '',
    'access log': `access_log ${stage.folder}/${name}.access.log combined;`, ...changes,
  };
  const shipped = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const lines = shipped.split('\n').map(line => {
    const what = line.split('# CHANGE: ')[1];
    if (what === undefined) return line;
    if (what.startsWith('path')) return line;
    assert.ok(what in all, `what to change at ${what}?`);
    return all[what];
  });
  const home = stage.folder;
  const file = path.join(home, name);
  const folders = ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const temp = folders.map(kind => `${kind === 'body' ? 'client_body' : kind}_temp_path ${home}/${name}-${kind};`).join(' ');
  writeFileSync(file, `daemon off; pid ${home}/${name}.pid; error_log ${home}/${name}.error.log;\nevents { worker_connections 64; }\nhttp {\naccess_log off; ${temp}\n${lines.join('\n')}\n}\n`);
  await stage.start('/usr/sbin/nginx', ['-c', file, '-e', `${home}/${name}.error.log`], listens(port));
  return `127.0.0.1:${port}`;
}

/** A real Caddy with a configuration of the documentation, changed only where it says CHANGE. Its address. */
export async function startCaddy(stage, server, name, changes) {
  const port = await freePort();
  const all = { name: `http://127.0.0.1:${port}`, node: new URL(server.url).host, ...changes };
  const shipped = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const lines = shipped.split('\n').map(line => {
    const [text, what] = line.split(' # CHANGE: ');
    if (what === undefined) return line;
    assert.ok(what in all, `what to change at ${what}?`);
    const words = text.split(' ');
    const last = words.at(-1) === '{' ? words.length - 2 : words.length - 1;
    words[last] = words[last].replace(/\S+$/, all[what]);
    return words.join(' ');
  });
  const file = path.join(stage.folder, name);
  writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n}\n${lines.join('\n')}`);
  const home = { XDG_DATA_HOME: stage.folder, XDG_CONFIG_HOME: stage.folder };
  await stage.start('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], listens(port), home);
  return `127.0.0.1:${port}`;
}

/** Skopeo with a home and a store of credentials of its own. */
export class Skopeo {
  constructor(stage, registry, name = 'skopeo') {
    this.registry = registry;
    this.home = path.join(stage.folder, name);
    mkdirSync(this.home);
    this.images = path.join(this.home, 'images');
  }

  /** Runs a command; `--authfile` and what plain http takes are added. */
  runs(command, ...args) {
    const plain = command === 'copy' ? ['--src-tls-verify=false', '--dest-tls-verify=false'] : ['--tls-verify=false'];
    const env = { PATH: process.env.PATH, HOME: this.home, XDG_RUNTIME_DIR: this.home, TMPDIR: this.home };
    return run('skopeo', ['--insecure-policy', command, '--authfile', path.join(this.home, 'auth.json'), ...plain, ...args], { env, cwd: this.home });
  }

  signsIn(key) {
    return this.runs('login', '-u', 'api', '-p', key, this.registry);
  }

  at(name) {
    return `docker://${this.registry}/${name}`;
  }

  /** Pushes an image with one layer that holds a text. */
  pushes(name, text = name) {
    return this.runs('copy', image(path.join(this.images, encodeURIComponent(text)), text), this.at(name));
  }
}

/** A Docker engine of one's own: its data, network and socket lie in the stage's folder. */
export class Docker {
  constructor(stage, name = 'docker') {
    this.home = path.join(stage.folder, name);
    mkdirSync(this.home);
    this.socket = path.join(this.home, 'd.sock');
  }

  async start(stage) {
    const of = name => path.join(this.home, name);
    const args = [
      '-H', `unix://${this.socket}`, '--data-root', of('data'), '--exec-root', of('exec'), '--pidfile', of('pid'), '--storage-driver=vfs',
      '--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false', '--userland-proxy=false',
    ];
    await stage.start('dockerd', args, async () => existsSync(this.socket) && (await this.runs('version')).code === 0);
    return this;
  }

  runs(...args) {
    return this.#runs(args);
  }

  signsIn(registry, key) {
    return this.#runs(['login', registry, '-u', 'api', '--password-stdin'], key);
  }

  #runs(args, input = '') {
    const env = { PATH: process.env.PATH, HOME: this.home, DOCKER_HOST: `unix://${this.socket}`, DOCKER_CONFIG: path.join(this.home, 'config'), TMPDIR: this.home };
    return run('docker', args, { env, cwd: this.home, input });
  }
}

/** Why the Docker engine cannot run on this machine; nothing if it can. */
export async function noDocker() {
  if (process.getuid() !== 0) return 'the Docker engine needs root';
  const found = await run('sh', ['-c', 'command -v dockerd && command -v docker'], { env: { PATH: `/usr/sbin:/sbin:${process.env.PATH}` } });
  return found.code === 0 ? undefined : 'there is no Docker engine on this machine';
}

/** A tar archive with one file, and its end. */
export function tar(name, bytes) {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - bytes.length % 512) % 512 + 1024)]);
}

/** Writes an OCI image of one layer, which holds a text; its name for Skopeo. */
export function image(folder, text) {
  const blobs = path.join(folder, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = bytes => {
    const hash = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(path.join(blobs, hash), bytes);
    return { digest: `sha256:${hash}`, size: bytes.length };
  };
  const layer = tar('hello.txt', Buffer.from(text));
  const type = 'application/vnd.oci.image.';
  const diff = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
  const config = put(Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Cmd: ['/hello'] }, rootfs: { type: 'layers', diff_ids: [diff] } })));
  const layers = [{ mediaType: `${type}layer.v1.tar+gzip`, ...put(gzipSync(layer)) }];
  const manifest = put(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: `${type}manifest.v1+json`, config: { mediaType: `${type}config.v1+json`, ...config }, layers })));
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  writeFileSync(path.join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: `${type}manifest.v1+json`, ...manifest, annotations }] }));
  writeFileSync(path.join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  return `oci:${folder}:latest`;
}

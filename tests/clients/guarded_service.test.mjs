// Services that know nothing of keys, behind a real nginx or Caddy with the configuration of docs/: a folder of files with
// curl, a Python index with pip, a Cargo registry with cargo.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { homedir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { zip } from '../browser/nupkg.mjs';
import { journey, onBoth, run } from '../browser/world.mjs';
import { settings, Stage, startCaddy, startNginx, tar } from './registry.mjs';

const cache = process.env.LATCHKEY_CACHE || path.join(homedir(), '.cache/latchkey');
const pip = path.join(cache, 'python/bin/pip');

/** A wheel with one module. */
const wheel = () => zip([
  ['counter/__init__.py', 'ONE = 1\n'],
  ['counter-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\nName: counter\nVersion: 1.0\n'],
  ['counter-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\nGenerator: by-hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n'],
  ['counter-1.0.dist-info/RECORD', 'counter/__init__.py,,\ncounter-1.0.dist-info/METADATA,,\ncounter-1.0.dist-info/WHEEL,,\ncounter-1.0.dist-info/RECORD,,\n'],
]);

/** A crate: two files in one archive. */
function crate() {
  const manifest = '[package]\nname = "counter"\nversion = "1.0.0"\nedition = "2021"\n';
  const first = tar('counter-1.0.0/Cargo.toml', Buffer.from(manifest)).subarray(0, -1024);
  return gzipSync(Buffer.concat([first, tar('counter-1.0.0/src/lib.rs', Buffer.from('pub const ONE: u8 = 1;\n'))]));
}

/** A server of files that takes down what it is sent; `files` maps paths to bodies. */
async function serves(files) {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    const body = files[request.url];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': request.url.endsWith('/') ? 'text/html' : 'application/octet-stream' });
    response.end(body);
  });
  await new Promise(resolve => { server.listen(0, '127.0.0.1', resolve); });
  return { seen, address: `127.0.0.1:${server.address().port}`, close: () => new Promise(resolve => { server.close(resolve); server.closeAllConnections(); }) };
}

const proxies = {
  nginx: (stage, server, service) => startNginx(stage, server, 'nginx-service.conf', {
    service: `server ${service.address};`, permission: 'proxy_set_header X-Latchkey-Permission "npm:pull";',
    feed: 'proxy_set_header X-Latchkey-Feed "main";', package: 'proxy_set_header X-Latchkey-Package "files.releases";',
  }),
  caddy: (stage, server, service) => startCaddy(stage, server, 'service.Caddyfile', {
    service: service.address, permission: 'npm:pull', feed: 'main', package: 'files.releases',
  }),
};

/** A walk with a service of these files (made for the proxy's address) behind a proxy. */
const withService = (files, name = 'nginx') => async world => {
  const stage = new Stage();
  let service;
  try {
    const kept = {};
    service = await serves(kept);
    await world.server.account('ada', 'four quiet otters rowing');
    const nginx = await proxies[name](stage, world.server, service);
    Object.assign(kept, files.of(nginx));
    await files.walk({ ...world, stage, service, nginx });
    for (const headers of service.seen) {
      for (const name of ['authorization', 'x-nuget-apikey', 'x_nuget_apikey', 'x-latchkey-permission', 'x_latchkey_package', 'upgrade']) assert.equal(headers[name], undefined, name);
    }
  } finally {
    await service?.close();
    await stage.remove();
  }
};

const key = (server, packages = ['files.*'], allow = ['npm:pull']) => server.token({ account: 'ada', allow, packages, name: packages.join() + allow.join() });

const options = async () => ({ settings: await settings() });

for (const proxy of Object.keys(proxies)) test(`files behind ${proxy} are read with a key in every form, and until it is revoked`, async t => journey(t, await options(), withService({
  of: () => ({ '/releases/app.txt': 'the app\n' }),
  async walk({ server, nginx, service }) {
    const good = await key(server);
    const ask = (headers, method = 'GET', more = {}) => fetch(`http://${nginx}/releases/app.txt`, { method, headers: { ...headers, ...more } });
    for (const headers of [{ authorization: `Bearer ${good}` }, { authorization: `Basic ${btoa(`api:${good}`)}` }, { authorization: good }]) {
      const response = await ask(headers, 'GET', { 'x_nuget_apikey': good, 'x_latchkey_package': 'other' });
      assert.equal(response.status, 200, JSON.stringify(headers));
      assert.equal(await response.text(), 'the app\n');
      assert.equal((await ask(headers, 'DELETE')).status, 403);
    }
    const lies = { 'x_latchkey_package': 'files.releases', 'x_nuget_apikey': good, 'x-latchkey-package': 'files.releases', 'x-latchkey-permission': 'nuget:pull', 'x-original-method': 'GET', 'x-forwarded-method': 'GET' };
    for (const [secret, words] of [[await key(server, ['other']), /files\.releases is not among them/], [await key(server, ['*'], ['nuget:pull']), /may not read/]]) {
      for (const more of [{}, lies]) {
        const response = await ask({ authorization: `Bearer ${secret}` }, 'GET', more);
        assert.equal(response.status, 403);
        assert.match(await response.text(), words);
      }
    }
    const seen = service.seen.length;
    for (const headers of [{}, { authorization: 'Bearer lk_nonsense' }, { authorization: 'Basic Og==' }]) {
      const response = await ask(headers);
      assert.equal(response.status, 401);
      assert.match(response.headers.get('www-authenticate'), /^Basic realm=/);
    }
    await server.must(['token', 'revoke'], `${good}\n`);
    const response = await ask({ authorization: `Bearer ${good}` });
    assert.equal(response.status, 401);
    assert.match(await response.text(), /was revoked/);
    assert.equal(service.seen.length, seen, 'nothing that was refused reached the service');
  },
}, proxy)));

onBoth(test, 'pip installs from an index behind the proxy', withService({
  of: () => ({
    '/simple/counter/': '<!DOCTYPE html><a href="/wheels/counter-1.0-py3-none-any.whl">counter-1.0-py3-none-any.whl</a>',
    '/wheels/counter-1.0-py3-none-any.whl': wheel(),
  }),
  async walk({ server, nginx, stage }) {
    const install = secret => run(pip, ['--isolated', '--disable-pip-version-check', 'install', '--no-input', '--no-cache-dir', '--retries', '0', '--no-deps',
      '--target', path.join(stage.folder, `site-${secret.slice(3, 9)}`), '--index-url', `http://api:${secret}@${nginx}/simple/`, 'counter'],
    { env: { PATH: process.env.PATH, HOME: stage.folder, TMPDIR: stage.folder } });
    const good = await install(await key(server));
    assert.equal(good.code, 0, good.text);
    assert.match(good.text, /Successfully installed counter-1\.0/);
    const refused = await install(await key(server, ['other']));
    assert.notEqual(refused.code, 0);
    assert.match(refused.text, /403|No matching distribution/);
  },
}), await options());

test('cargo fetches from a registry behind the proxy, with a key and no scheme', async t => journey(t, await options(), withService({
  of: nginx => {
    const bytes = crate();
    const line = { name: 'counter', vers: '1.0.0', deps: [], cksum: createHash('sha256').update(bytes).digest('hex'), features: {}, yanked: false };
    return {
      '/config.json': JSON.stringify({ dl: `http://${nginx}/crates/{crate}/{version}`, 'auth-required': true }),
      '/co/un/counter': `${JSON.stringify(line)}\n`, '/crates/counter/1.0.0': bytes,
    };
  },
  async walk({ server, nginx, stage }) {
    const fetches = async (name, secret) => {
      const folder = path.join(stage.folder, name);
      mkdirSync(path.join(folder, 'src'), { recursive: true });
      writeFileSync(path.join(folder, 'src/lib.rs'), '');
      writeFileSync(path.join(folder, 'Cargo.toml'), '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\ncounter = { version = "1", registry = "guarded" }\n[workspace]\n');
      const env = {
        PATH: process.env.PATH, HOME: process.env.HOME, RUSTUP_HOME: process.env.RUSTUP_HOME, TMPDIR: stage.folder, CARGO_HOME: path.join(folder, 'home'),
        CARGO_REGISTRIES_GUARDED_INDEX: `sparse+http://${nginx}/`, CARGO_REGISTRIES_GUARDED_TOKEN: secret, CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS: 'cargo:token', CARGO_NET_RETRY: '0',
      };
      for (const name of Object.keys(env)) if (env[name] === undefined) delete env[name];
      return run('cargo', ['fetch'], { env, cwd: folder });
    };
    const good = await fetches('good', await key(server));
    assert.equal(good.code, 0, good.text);
    assert.match(good.text, /Downloaded counter v1\.0\.0/);
    const refused = await fetches('refused', await key(server, ['other']));
    assert.notEqual(refused.code, 0);
    assert.match(refused.text, /403|401|token rejected/);
  },
})));

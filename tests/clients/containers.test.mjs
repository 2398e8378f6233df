// Docker and Skopeo against a real registry behind a real nginx or Caddy, and the real server that gives access to it.
import assert from 'node:assert/strict';
import { get } from 'node:http';
import test from 'node:test';
import { engines, journey } from '../browser/world.mjs';
import { Docker, image, noDocker, settings, Skopeo, Stage, startCaddy, startNginx, startRegistry } from './registry.mjs';

const plain = text => text.replace(/\s+/g, ' ');

function assertPasses(result, words) {
  assert.equal(result.code, 0, result.text);
  if (words) assert.match(plain(result.text), words);
}

function assertRefused(result, words) {
  assert.notEqual(result.code, 0, result.text);
  assert.match(plain(result.text), words);
}

const proxies = {
  nginx: (stage, server, registry) => startNginx(stage, server, 'nginx-registry.conf', { registry: `server ${registry};` }),
  caddy: (stage, server, registry) => startCaddy(stage, server, 'registry.Caddyfile', { registry }),
};

/** A registry behind a proxy, and Ada with an account; all is gone when the test is over. */
async function withRegistry(t, engine, walk, { proxy = 'nginx', more = {} } = {}) {
  await journey(t, { engine, settings: { ...await settings(), ...more } }, async world => {
    const stage = new Stage();
    try {
      await world.server.account('ada', 'four quiet otters rowing', '--operator');
      await world.server.must(['feed', 'add', '--name', 'team', '--owner', 'ada']);
      const registry = await startRegistry(stage, world.server);
      await walk({ ...world, stage, registry: await proxies[proxy](stage, world.server, registry) });
    } finally {
      await stage.remove();
    }
  });
}

const token = (server, allow, packages = ['*']) => server.token({ account: 'ada', allow, packages, name: `${allow.join(' ')} ${packages.join(' ')}` });
const ALL = ['container:pull', 'container:push', 'container:delete'];

for (const engine of engines) {
  test(`Skopeo does all with a repository that a token covers, and prints why the rest is refused (${engine})`, t => withRegistry(t, engine, async ({ server, stage, registry }) => {
    const skopeo = new Skopeo(stage, registry);
    assertRefused(await skopeo.signsIn('lk_not_a_token'), /invalid username\/password/);
    assertRefused(await skopeo.runs('inspect', skopeo.at('team/app:v1')), /docker login/);
    assertPasses(await skopeo.signsIn(await token(server, ALL, ['team/app*'])), /Login Succeeded/);
    assertPasses(await skopeo.pushes('team/app:v1'));
    assertPasses(await skopeo.runs('inspect', skopeo.at('team/app:v1')), /"Digest"/);
    assertPasses(await skopeo.runs('list-tags', skopeo.at('team/app')), /"v1"/);
    assertPasses(await skopeo.runs('copy', skopeo.at('team/app:v1'), `oci:${skopeo.home}/back:v1`));
    // The layer is mounted from the other repository.
    assertPasses(await skopeo.runs('copy', skopeo.at('team/app:v1'), skopeo.at('team/app-copy:v1')));
    assertRefused(await skopeo.pushes('team/other:v1'), /may push container images matching team\/app\*; team\/other is not among them/);
    assertPasses(await skopeo.runs('delete', skopeo.at('team/app:v1')));
    assertRefused(await skopeo.runs('inspect', skopeo.at('team/app:v1')), /manifest unknown/);

    const reader = new Skopeo(stage, registry, 'reader');
    assertPasses(await reader.signsIn(await token(server, ['container:pull'])), /Login Succeeded/);
    assertPasses(await reader.runs('inspect', reader.at('team/app-copy:v1')));
    assertRefused(await reader.pushes('team/app:v2'), /may not push container images/);
    assertRefused(await reader.runs('delete', reader.at('team/app-copy:v1')), /may not delete container images/);
    assertPasses(await reader.runs('logout', registry), /Removed login/);
  }));

  test(`a revoked key is refused at the next request, the bearer that its client still holds too (${engine})`, t => withRegistry(t, engine, async ({ server, stage, registry }) => {
    const key = await token(server, ALL);
    const skopeo = new Skopeo(stage, registry);
    assertPasses(await skopeo.signsIn(key));
    assertPasses(await skopeo.pushes('team/app:v1'));
    const asked = await fetch(`${server.url}/container/token?service=registry.test&scope=repository:team/app:pull,push`, { headers: { authorization: `Basic ${btoa(`api:${key}`)}` } });
    const { token: bearer } = await asked.json();
    const requests = [['GET', 'manifests/v1'], ['HEAD', 'manifests/v1'], ['POST', 'blobs/uploads/'], ['PUT', 'manifests/v2'], ['GET', 'tags/list']];
    const ask = (method, rest) => fetch(`http://${registry}/v2/team/app/${rest}`, { method, headers: { authorization: `Bearer ${bearer}` } });
    for (const [method, rest] of requests) assert.notEqual((await ask(method, rest)).status, 401, `${method} ${rest}`);
    await server.must(['token', 'revoke'], `${key}\n`);
    for (const [method, rest] of requests) {
      const response = await ask(method, rest);
      const text = await response.text();
      assert.equal(response.status, 401, `${method} ${rest} ${text}`);
      assert.match(response.headers.get('www-authenticate'), /^Bearer realm="http:\/\/127\.0\.0\.1:\d+\/container\/token",service="registry\.test"/);
      if (method === 'HEAD') continue;
      const [error] = JSON.parse(text).errors;
      assert.equal(error.code, 'UNAUTHORIZED');
      assert.match(error.message, /was revoked/);
    }
    assertRefused(await skopeo.pushes('team/app:v2'), /was revoked/);
    assertRefused(await skopeo.runs('inspect', skopeo.at('team/app:v1')), /was revoked/);
  }));
}

for (const proxy of Object.keys(proxies)) test(`what a key may not do is refused by ${proxy} with its sentence, whatever the client says about the request`, t => withRegistry(t, 'sqlite', async ({ server, stage, registry }) => {
  const skopeo = new Skopeo(stage, registry);
  assertPasses(await skopeo.signsIn(await token(server, ALL)));
  assertPasses(await skopeo.pushes('team/app:v1'));
  const key = await token(server, ['container:pull'], ['team/app']);
  const asked = await fetch(`${server.url}/container/token?service=registry.test&scope=repository:team/app:pull`, { headers: { authorization: `Basic ${btoa(`api:${key}`)}` } });
  const { token: bearer } = await asked.json();
  const ask = (method, target, headers = {}) => fetch(`http://${registry}${target}`, { method, headers: { authorization: `Bearer ${bearer}`, ...headers } });
  assert.equal((await ask('GET', '/v2/team/app/manifests/v1', { accept: 'application/vnd.oci.image.manifest.v1+json' })).status, 200);
  const lies = { 'x-original-method': 'GET', 'x-original-uri': '/v2/', 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/v2/', 'x-latchkey-permission': 'container:pull', 'x-latchkey-package': 'a' };
  for (const headers of [{}, lies]) {
    for (const [method, target] of [['PUT', '/v2/team/app/manifests/v2'], ['POST', '/v2/team/app/blobs/uploads/'], ['DELETE', '/v2/team/app/manifests/v1'], ['GET', '/v2/team/other/tags/list']]) {
      const response = await ask(method, target, headers);
      assert.equal(response.status, 403, `${method} ${target}`);
      assert.equal((await response.json()).errors[0].code, 'DENIED');
    }
  }
  assert.equal((await fetch(`http://${registry}/v1/search?q=x`, { headers: { authorization: `Basic ${btoa(`api:${key}`)}` } })).status, 404);
  const without = await fetch(`http://${registry}/v2/`);
  assert.equal(without.status, 401);
  assert.match(without.headers.get('www-authenticate'), /^Bearer realm=/);
  for (const strange of ['/v2/team/app/%2e%2e/other/tags/list', '/v2//team/app/tags/list', '/v2/team%2fapp/tags/list', '/v2/team/app/tags/list;x']) {
    const response = await raw(registry, strange, bearer);
    assert.ok(response >= 400, `${strange} ${response}`);
  }
  // A running bearer is refused at the next request.
  await server.must(['token', 'revoke'], `${key}\n`);
  const response = await ask('GET', '/v2/team/app/manifests/v1');
  assert.equal(response.status, 401);
  assert.match((await response.json()).errors[0].message, /was revoked/);
}, { proxy }));

/** The status of a request for an address exactly as it is written. */
function raw(host, target, bearer) {
  const [hostname, port] = host.split(':');
  return new Promise((resolve, reject) => {
    get({ hostname, port, path: target, headers: { authorization: `Bearer ${bearer}` } }, response => { response.resume(); resolve(response.statusCode); }).on('error', reject);
  });
}

test('Skopeo pulls with a username and password where the operator allows it, and pushes with a token alone', t => withRegistry(t, 'sqlite', async ({ server, stage, registry }) => {
  const skopeo = new Skopeo(stage, registry);
  assertPasses(await skopeo.signsIn(await token(server, ALL)));
  assertPasses(await skopeo.pushes('team/app:v1'));
  const person = new Skopeo(stage, registry, 'person');
  assertRefused(await person.runs('login', '-u', 'ada', '-p', 'another password', registry), /invalid username\/password/);
  assertPasses(await person.runs('login', '-u', 'ada', '-p', 'four quiet otters rowing', registry), /Login Succeeded/);
  assertPasses(await person.runs('copy', person.at('team/app:v1'), `oci:${person.home}/back:v1`));
  assertRefused(await person.pushes('team/app:v2'), /A password reads packages and does nothing else. Create an access token/);
}, { more: { LATCHKEY_PASSWORD_READS: 'true' } }));

test('the pages of a feed show what its registry tells', t => withRegistry(t, 'sqlite', async ({ server, stage, registry }) => {
  await server.must(['feed', 'add', '--name', 'open', '--owner', 'ada', '--public']);
  const skopeo = new Skopeo(stage, registry);
  assertPasses(await skopeo.signsIn(await token(server, ALL)));
  assertPasses(await skopeo.pushes('open/app:v1'));
  const page = `${server.url}/feeds/open/packages/container/app`;
  const shows = async expected => {
    for (let tries = 0; tries < 100; tries += 1) {
      const response = await fetch(page, { redirect: 'manual' });
      const text = await response.text();
      if (expected(response.status, text)) return;
      await new Promise(resolve => { setTimeout(resolve, 100); });
    }
    assert.fail(await (await fetch(page, { redirect: 'manual' })).text());
  };
  await shows((status, text) => status === 200 && text.includes('v1') && text.includes('sha256:'));
  assert.match(await (await fetch(`${server.url}/feeds/open`)).text(), /\/feeds\/open\/packages\/container\/app/);
  assertPasses(await skopeo.runs('delete', skopeo.at('open/app:v1')));
  await shows(status => status !== 200);
}));

const why = await noDocker();
for (const engine of engines) {
  test(`Docker signs in, pushes, mounts and pulls, and prints why it may not (${engine})`, { skip: why }, t => withRegistry(t, engine, async ({ server, stage, registry }) => {
    const docker = await new Docker(stage).start(stage);
    assertRefused(await docker.signsIn(registry, 'lk_not_a_token'), /not a valid access token/);
    const key = await token(server, ['container:pull', 'container:push'], ['team/*']);
    assertPasses(await docker.signsIn(registry, key), /Login Succeeded/);
    // The engine builds nothing here: its first image comes from Skopeo.
    const skopeo = new Skopeo(stage, registry);
    assertPasses(await skopeo.signsIn(key));
    assertPasses(await skopeo.runs('copy', '--format', 'v2s2', image(skopeo.images, 'first'), skopeo.at('team/app:v1')));
    assertPasses(await docker.runs('pull', `${registry}/team/app:v1`), /Downloaded newer image/);
    for (const name of ['team/app:v2', 'team/copy:v1', 'main/app:v1']) assertPasses(await docker.runs('tag', `${registry}/team/app:v1`, `${registry}/${name}`));
    assertPasses(await docker.runs('push', `${registry}/team/app:v2`), /digest: sha256/);
    assertPasses(await docker.runs('push', `${registry}/team/copy:v1`), /Mounted from team\/app.*digest: sha256/);
    assertRefused(await docker.runs('push', `${registry}/main/app:v1`), /may push container images matching team\/\*; main\/app is not among them/);
    const reads = await token(server, ['container:pull']);
    assertPasses(await docker.signsIn(registry, reads), /Login Succeeded/);
    assertPasses(await docker.runs('pull', `${registry}/team/copy:v1`));
    await server.must(['token', 'revoke'], `${reads}\n`);
    assertRefused(await docker.runs('pull', `${registry}/team/copy:v1`), /was revoked/);
    assertRefused(await docker.signsIn(registry, reads), /was revoked/);
    assertPasses(await docker.runs('logout', registry), /Removing login/);
    assertRefused(await docker.runs('pull', `${registry}/team/copy:v1`), /docker login|denied|unauthorized/);
  }));
}

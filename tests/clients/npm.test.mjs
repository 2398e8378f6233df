// Real npm, pnpm, Yarn and Bun against the real server: what may pass passes, and what is refused says why.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { journey, onBoth } from '../browser/world.mjs';
import { Npm } from './npm.mjs';

const CLIENTS = ['npm', 'pnpm', 'yarn1', 'yarn4'];

function assertPasses(result, words) {
  assert.equal(result.code, 0, result.text);
  if (words) assert.match(result.text, words);
}

function assertRefused(result, ...words) {
  assert.notEqual(result.code, 0, result.text);
  // Clients wrap long lines.
  const text = result.text.replace(/\s+/g, ' ');
  for (const word of words) assert.match(text, word);
}

/** A client of feed main, gone when the test is over. */
function client(t, server) {
  const npm = new Npm(`${server.url}/feeds/main/npm/`);
  t.after(() => npm.remove());
  return npm;
}

const withAda = walk => async world => {
  await world.server.account('ada', 'four quiet otters rowing');
  await walk(world);
};

const ALL = ['npm:pull', 'npm:push', 'npm:delete'];
const installed = (result, name) => readFileSync(path.join(result.folder, 'node_modules', name, 'index.js'), 'utf8');

for (const name of CLIENTS) {
  onBoth(test, `${name} publishes and installs what a token covers, and prints why the rest is refused`, withAda(async ({ server, t }) => {
    const npm = client(t, server);
    const key = await server.token({ account: 'ada', allow: ['npm:pull', 'npm:push'], packages: ['ui', '@team/*'] });
    for (const published of ['ui', '@team/ui']) {
      const folder = npm.package(published);
      assertPasses(await npm.publishes(name, folder, { key }));
      assertRefused(await npm.publishes(name, folder, { key }), name === 'npm' ? /previously published|exists already/ : /exists already/);
      const result = await npm.installs(name, published, { key });
      assertPasses(result);
      assert.equal(installed(result, published), `module.exports = '${published} 1.0.0';\n`);
    }
    assertRefused(await npm.publishes(name, npm.package('other'), { key }), /ui.*other is not among them/);
    const reads = await server.token({ account: 'ada', name: 'reads', allow: ['npm:pull'], packages: ['*'] });
    assertRefused(await npm.publishes(name, npm.package('ui', '1.1.0'), { key: reads }), /may not push npm packages/);
    assertRefused(await npm.installs(name, 'nothing-like-it', { key }), /404|not found|nothing here/i);
  }));
}

test('npm 12 and Bun publish and install, and print why they may not', t => journey(t, {}, withAda(async ({ server }) => {
  const npm = client(t, server);
  const key = await server.token({ account: 'ada', allow: ['npm:pull', 'npm:push'], packages: ['*-ui', '@team/*'] });
  for (const [name, published] of [['npm12', 'npm-ui'], ['bun', '@team/bun-ui']]) {
    const folder = npm.package(published);
    assertPasses(await npm.publishes(name, folder, { key }));
    assertRefused(await npm.publishes(name, folder, { key }), /previously published|exists already/);
    const result = await npm.installs(name, published, { key });
    assertPasses(result);
    assert.equal(installed(result, published), `module.exports = '${published} 1.0.0';\n`);
    assertRefused(await npm.publishes(name, npm.package('other'), { key }), /other is not among them/);
    assertRefused(await npm.installs(name, 'other', { key }), /404/);
  }
})));

test('a username and password install where the operator allows it, and publish nothing', t => journey(t, { settings: { LATCHKEY_PASSWORD_READS: 'true' } }, withAda(async ({ server }) => {
  const npm = client(t, server);
  const key = await server.token({ account: 'ada', allow: ['npm:pull', 'npm:push'], packages: ['*'] });
  const folder = npm.package('ui', '1.0.0', { dependencies: { counter: '1.0.0' } });
  assertPasses(await npm.publishes('npm', npm.package('counter'), { key }));
  assertPasses(await npm.publishes('npm', folder, { key }));
  const user = 'ada:four quiet otters rowing';
  for (const name of ['npm', 'pnpm']) {
    const result = await npm.installs(name, 'ui', { user });
    assertPasses(result);
    assert.equal(installed(result, 'ui'), "module.exports = 'ui 1.0.0';\n");
  }
  assertPasses(await npm.runs('npm', ['whoami'], { user }), /^ada$/m);
  assertRefused(await npm.publishes('npm', npm.package('ui', '1.1.0'), { user }), /A password reads packages and does nothing else. Create an access token/);
  assertRefused(await npm.installs('npm', 'ui', { user: 'ada:another password' }), /Username or password is wrong/);
})));

onBoth(test, 'a key that is revoked is refused at the next request of every client', withAda(async ({ server, t }) => {
  const npm = client(t, server);
  const key = await server.token({ account: 'ada', allow: ['npm:pull', 'npm:push'], packages: ['*'] });
  assertPasses(await npm.publishes('npm', npm.package('ui'), { key }));
  await server.must(['token', 'revoke'], `${key}\n`);
  for (const name of CLIENTS) {
    const says = name === 'yarn4' ? /Invalid authentication/ : /was revoked/;
    assertRefused(await npm.publishes(name, npm.package('ui', '1.1.0'), { key }), says);
    assertRefused(await npm.installs(name, 'ui', { key }), /401|revoked|Invalid authentication/);
  }
}));

test('npm does everything with a package that its registry knows', t => journey(t, {}, withAda(async ({ server }) => {
  const npm = client(t, server);
  const key = await server.token({ account: 'ada', allow: ALL, packages: ['*'] });
  const runs = (...args) => npm.runs('npm', args, { key });
  assertPasses(await runs('whoami'), /^ada$/m);
  assertPasses(await runs('ping'), /PONG/);
  assertPasses(await npm.publishes('npm', npm.package('counter'), { key, basic: true }));
  assertPasses(await npm.publishes('npm', npm.package('counter', '1.1.0'), { key }));
  assertPasses(await npm.publishes('npm', npm.package('counter', '2.0.0-beta.1'), { key, more: ['--tag', 'beta'] }));
  assertPasses(await runs('view', 'counter', 'version'), /^1\.1\.0$/m);
  assertPasses(await runs('view', 'counter@beta', 'version'), /^2\.0\.0-beta\.1$/m);
  assertPasses(await runs('dist-tag', 'add', 'counter@1.0.0', 'stable'), /\+stable: counter@1\.0\.0/);
  assertPasses(await runs('dist-tag', 'ls', 'counter'), /stable: 1\.0\.0/);
  assertPasses(await runs('dist-tag', 'rm', 'counter', 'stable'), /-stable: counter@1\.0\.0/);
  assertPasses(await runs('deprecate', 'counter@1.0.0', 'Use 1.1'));
  assertPasses(await runs('view', 'counter@1.0.0', 'deprecated'), /Use 1\.1/);
  assertPasses(await runs('search', 'counts'), /counter/);
  assertPasses(await runs('token', 'list'), /Token|token/);
  const audited = await npm.installs('npm', 'counter@1.0.0', { key });
  assertPasses(audited, /deprecated counter@1\.0\.0: Use 1\.1/);
  assertPasses(await npm.runs('npm', ['audit'], { key, cwd: audited.folder }), /found 0 vulnerabilities/);
  assertPasses(await runs('unpublish', 'counter@1.0.0'), /- counter@1\.0\.0/);
  assertRefused(await npm.publishes('npm', npm.package('counter', '1.0.0'), { key, more: ['--tag', 'old'] }), /unpublished/);
  assertPasses(await runs('unpublish', 'counter', '--force'), /- counter/);
  assertRefused(await runs('view', 'counter'), /E404/);
  assertPasses(await runs('logout'));
  assertRefused(await runs('whoami'), /revoked/);
})));

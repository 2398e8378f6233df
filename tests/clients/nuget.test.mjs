// The real NuGet client against the real server, with tokens as people make them: what may pass passes, and what is refused says why.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { journey, onBoth } from '../browser/world.mjs';
import { NuGet, REAL_PACKAGES } from './nuget.mjs';

const sha256 = file => createHash('sha256').update(readFileSync(file)).digest('hex');

function assertPasses(result, words) {
  assert.equal(result.code, 0, result.text);
  if (words) assert.match(result.text, words);
}

function assertRefused(result, ...words) {
  assert.notEqual(result.code, 0, result.text);
  for (const word of words) assert.match(result.text, word);
}

/** A client of feed main, gone when the test is over. */
function client(t, server) {
  const nuget = new NuGet(`${server.url}/v3/index.json`);
  t.after(() => nuget.remove());
  return nuget;
}

const withAda = walk => async world => {
  await world.server.account('ada', 'four quiet otters rowing');
  await walk(world);
};

onBoth(test, 'a token made in the browser pushes what its patterns name and nothing else', async ({ server, arrives, t }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'Contoso build', permissions: ['nuget:push', 'nuget:pull'], packages: ['Contoso.*'], expiry: '90' });
  const key = await ada.copiesSecret();
  const nuget = client(t, server);
  const contoso = await nuget.packs('Contoso.Core');
  const fabrikam = await nuget.packs('Fabrikam.Core');

  assertPasses(await nuget.pushes(contoso, key), /Your package was pushed/);
  assertRefused(await nuget.pushes(fabrikam, key), /403/, /WARNING: .*Contoso\.\*.*Fabrikam\.Core/s);
  await ada.editsToken('Contoso build', { packages: ['Contoso.*', 'Fabrikam.*'] });
  assertPasses(await nuget.pushes(fabrikam, key), /Your package was pushed/);

  const installed = await nuget.installs('Contoso.Core', '1.0.0', { password: key });
  assertPasses(installed, /Successfully installed/);
  assert.equal(readFileSync(path.join(installed.folder, 'Contoso.Core.1.0.0/content/words.txt'), 'utf8'), 'Contoso.Core 1.0.0\n');

  const next = await ada.refreshesToken('Contoso build');
  const again = await nuget.packs('Contoso.Core', '1.1.0');
  assertRefused(await nuget.pushes(again, key), /403/, /replaced/i);
  assertPasses(await nuget.pushes(again, next), /Your package was pushed/);
  await ada.does('Revoke', 'Contoso build');
  assertRefused(await nuget.pushes(await nuget.packs('Contoso.Core', '1.2.0'), next), /403/, /revoked/i);
});

test('the lines on the page of a new key run as they are copied', t => journey(t, {}, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'All', permissions: ['nuget:push', 'nuget:pull', 'nuget:delete'], packages: ['Contoso.*'], expiry: '90' });
  const lines = await ada.page.locator('#use-nuget pre').allTextContents();
  const key = await ada.copiesSecret();
  const nuget = client(t, server);
  const packed = await nuget.packs('Contoso.Core');
  assert.equal(path.basename(packed), 'Contoso.Core.1.0.0.nupkg');
  assert.equal(lines.length, 3);
  for (const line of lines) assertPasses(await nuget.runsPasted(line.replaceAll('YOUR_KEY', key), [packed]));
}));

test('a version is published once, under every spelling', t => journey(t, {}, withAda(async ({ server }) => {
  const nuget = client(t, server);
  const key = await server.token({ account: 'ada', allow: ['nuget:push'], packages: ['*'] });
  const file = await nuget.packs('Contoso.Core');
  assertPasses(await nuget.pushes(file, key));
  assertRefused(await nuget.pushes(file, key), /409/);
  assertPasses(await nuget.pushes(file, key, { more: ['-SkipDuplicate'] }), /already exists/);
  assertRefused(await nuget.pushes(await nuget.packs('CONTOSO.core', '1.0'), key), /409/);
})));

test('a token without a permission is refused, whatever it may do besides', t => journey(t, {}, withAda(async ({ server }) => {
  const nuget = client(t, server);
  const token = (...allow) => server.token({ account: 'ada', name: allow.join(' '), allow, packages: ['*'] });
  const reads = await token('nuget:pull');
  const pushes = await token('nuget:push');
  const pushesVersions = await token('nuget:push-version');
  const deletes = await token('nuget:delete');
  const file = await nuget.packs('Contoso.Core');

  assertRefused(await nuget.pushes(file, reads), /403/, /WARNING: /);
  assertRefused(await nuget.pushes(file, pushesVersions), /403/, /WARNING: /);
  assertRefused(await nuget.pushes(file, 'lk_not-a-token'), /403/);
  assertPasses(await nuget.pushes(file, pushes));
  assertPasses(await nuget.pushes(await nuget.packs('Contoso.Core', '1.1.0'), pushesVersions));
  assertRefused(await nuget.installs('Contoso.Core', '1.0.0', { password: pushes }), /403/);

  assertRefused(await nuget.deletes('Contoso.Core', '1.0.0', pushes), /403/, /WARNING: .*lk_/);
  assertPasses(await nuget.deletes('Contoso.Core', '1.0.0', deletes), /deleted successfully/);
  const found = await nuget.searches('Contoso', { password: reads });
  assertPasses(found, /Contoso\.Core \| 1\.1\.0/);
  assertPasses(await nuget.restores('Contoso.Core', '1.0.0', { password: reads })); // unlisted, yet there for who names it
})));

/** How many connections the server has that are not over. */
const connections = server => readFileSync('/proc/net/tcp', 'utf8').split('\n').map(row => row.trim().split(/\s+/))
  .filter(([, local, , state]) => local?.endsWith(`:${Number(new URL(server.url).port).toString(16).toUpperCase().padStart(4, '0')}`) && !['0A', '06'].includes(state)).length;

test('a large push that is refused shows its reason and leaves no connection', t => journey(t, {}, withAda(async ({ server }) => {
  const nuget = client(t, server);
  const key = await server.token({ account: 'ada', allow: ['nuget:pull'], packages: ['*'] });
  for (const megabytes of [5, 30, 60]) {
    const file = await nuget.packsFiles('Contoso.Large', `${megabytes}.0.0`, { 'content/noise.bin': randomBytes(megabytes * 1_000_000) });
    for (const refused of [key, `lk_${'x'.repeat(46)}`]) {
      const result = await nuget.pushes(file, refused);
      assertRefused(result, /403/, /WARNING: /);
    }
  }
  const end = Date.now() + 10_000;
  while (connections(server) > 0 && Date.now() < end) await new Promise(done => setTimeout(done, 100));
  assert.equal(connections(server), 0);
})));

test('packages that are pushed side by side with one key all arrive', t => journey(t, {}, withAda(async ({ server }) => {
  const nuget = client(t, server);
  const key = await server.token({ account: 'ada', allow: ['nuget:push'], packages: ['*'] });
  const files = [];
  for (let n = 0; n < 8; n += 1) files.push(await nuget.packs(`Contoso.N${n}`));
  for (const result of await Promise.all(files.map(file => nuget.pushes(file, key)))) assertPasses(result, /Your package was pushed/);
})));

test('a private feed is read with Basic credentials and a token as the password', t => journey(t, {}, withAda(async ({ server }) => {
  const nuget = client(t, server);
  const key = await server.token({ account: 'ada', allow: ['nuget:push', 'nuget:pull'], packages: ['*'] });
  assertPasses(await nuget.pushes(await nuget.packs('Contoso.Core'), undefined, { password: key }), /Your package was pushed/);
  assertPasses(await nuget.restores('Contoso.Core', '1.0.0', { password: key }), /Contoso\.Core/);
  assertPasses(await nuget.installs('Contoso.Core', undefined, { password: key, user: 'whoever' }), /Successfully installed/);
  assertPasses(await nuget.searches('contoso', { password: key }), /Contoso\.Core/);
  assertRefused(await nuget.restores('Contoso.Core', '1.0.0'), /401/);
  assertRefused(await nuget.restores('Contoso.Core', '1.0.0', { password: 'not-a-token' }), /401/);
})));

onBoth(test, 'a restore takes from another source what this feed lacks, with every kind of key', withAda(async ({ server, t }) => {
  const guid = '5f1d2c3b-89ab-4cde-8f01-23456789abcd';
  await server.must(['feed', 'add', '--name', 'open', '--owner', 'ada', '--public']);
  await server.must(['legacy', 'import', '-', '--policy', 'idle-365'], `account,key,created\nada,${guid},2016-05-01\n`);
  const also = `${server.url}/feeds/open/nuget/v3/index.json`;
  const [nuget, open] = [client(t, server), new NuGet(also)];
  t.after(() => open.remove());
  const publisher = await server.token({ account: 'ada', name: 'publisher', allow: ['nuget:push'], packages: ['*'] });
  for (const id of ['Contoso.Core', 'Fabrikam.Core']) assertPasses(await nuget.pushes(await nuget.packs(id), publisher));
  for (const id of ['Public.Core', 'Fabrikam.Core']) assertPasses(await open.pushes(await open.packs(id), publisher));
  const narrow = await server.token({ account: 'ada', name: 'narrow', allow: ['nuget:pull'], packages: ['Contoso.*'] });
  const wide = await server.token({ account: 'ada', name: 'wide', allow: ['nuget:pull'], packages: ['*'] });
  for (const password of [narrow, wide, guid]) {
    const restored = await nuget.restores(['Contoso.Core', 'Public.Core'], '1.0.0', { password, also });
    assertPasses(restored, /Public\.Core/);
    assert.doesNotMatch(restored.text, /WARNING/);
    assertPasses(await nuget.installs('Public.Core', undefined, { password, also }), /Successfully installed/);
  }
  // A stranger's package of a name that this feed holds does not get in.
  assertRefused(await nuget.installs('Fabrikam.Core', undefined, { password: narrow, also }), /403/);
}));

test('a placeholder for the key does no harm beside the credentials of the source', t => journey(t, {}, withAda(async ({ server }) => {
  const nuget = client(t, server);
  const key = await server.token({ account: 'ada', allow: ['nuget:push'], packages: ['*'] });
  for (const [number, placeholder] of ['az', 'AzureArtifacts'].entries()) {
    assertPasses(await nuget.pushes(await nuget.packs('Contoso.Core', `1.0.${number}`), placeholder, { password: key }), /Your package was pushed/);
  }
})));

test('a push to a wrong source is told the right one', t => journey(t, {}, withAda(async ({ server }) => {
  const key = await server.token({ account: 'ada', allow: ['nuget:push'], packages: ['*'] });
  const main = `Use ${server.url}/v3/index.json as the source`;
  for (const [path, told] of [['', main], ['/nuget', main], ['/feeds/team', 'those of feeds end in /nuget/v3/index.json']]) {
    const nuget = new NuGet(`${server.url}${path}`);
    t.after(() => nuget.remove());
    const result = await nuget.pushes(await nuget.packs('Contoso.Core'), key);
    assertRefused(result, /404 \(This is not a NuGet source/);
    assert.ok(result.text.includes(told), result.text);
  }
})));

onBoth(test, 'real packages come back byte for byte', withAda(async ({ server, t }) => {
  const nuget = client(t, server);
  const key = await server.token({ account: 'ada', allow: ['nuget:push', 'nuget:pull'], packages: ['*'] });
  for (const { id, version, file } of REAL_PACKAGES) {
    assertPasses(await nuget.pushes(file, key), /Your package was pushed/);
    const { folder, ...result } = await nuget.installs(id, version, { password: key });
    assertPasses(result, /Successfully installed/);
    assert.equal(sha256(path.join(folder, `${id}.${version}/${id}.${version}.nupkg`)), sha256(file), id);
  }
}));

test('a package is published together with the symbols beside it, and debuggers find them', t => journey(t, {}, withAda(async ({ server }) => {
  const nuget = client(t, server);
  const key = await server.token({ account: 'ada', allow: ['nuget:push', 'nuget:pull'], packages: ['*'] });
  const fixture = name => readFileSync(new URL(`../fixtures/symbols/${name}`, import.meta.url));
  const [dll, pdb] = ['Contoso.Core.dll', 'Contoso.Core.pdb'].map(fixture);
  const files = { 'lib/netstandard2.0/Contoso.Core.dll': dll, 'lib/netstandard2.0/Contoso.Core.pdb': pdb };
  const packed = await nuget.packsFiles('Contoso.Core', '1.0.0', files, '', ['-Symbols', '-SymbolPackageFormat', 'snupkg']);
  const pushed = await nuget.pushes(packed, key);
  assertPasses(pushed, /Your package was pushed/);
  assert.equal(pushed.text.match(/Your package was pushed/g).length, 2, pushed.text);

  const at = pdb.readUInt32LE(pdb.indexOf('#Pdb') - 8);
  const id = [[0, 4], [4, 6], [6, 8]].map(([from, to]) => Buffer.from(pdb.subarray(at + from, at + to)).reverse().toString('hex'));
  const address = `${server.url}/symbols/contoso.core.pdb/${id.join('')}${pdb.subarray(at + 8, at + 16).toString('hex')}ffffffff/contoso.core.pdb`;
  const found = await fetch(address, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(found.status, 200, address);
  assert.deepEqual(Buffer.from(await found.arrayBuffer()), pdb);

  const misplaced = await nuget.packs('Contoso.Core', '2.0.0', 'SymbolsPackage');
  assertRefused(await nuget.pushes(misplaced, key), /WARNING: .*symbol package/i);
})));

test('file names in any script and icons as this client packs them are taken', t => journey(t, {}, withAda(async ({ server }) => {
  const key = await server.token({ account: 'ada', allow: ['nuget:push', 'nuget:pull'], packages: ['*'] });
  const nuget = client(t, server);
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const files = { 'content/\u5185\u5bb9.txt': 'words', 'content/\u00dcbersicht a b.txt': 'more', 'images/icon.png': png };
  const file = await nuget.packsFiles('Contoso.Words', '1.0.0', files, '<icon>/images/icon.png</icon>');
  assertPasses(await nuget.pushes(file, key), /Your package was pushed/);
  const installed = await nuget.installs('Contoso.Words', '1.0.0', { password: key });
  assertPasses(installed, /Successfully installed/);
  for (const [name, content] of Object.entries(files)) {
    assert.deepEqual(readFileSync(path.join(installed.folder, 'Contoso.Words.1.0.0', name)), Buffer.from(content), name);
  }
  const icon = await fetch(`${server.url}/v3/flat/contoso.words/1.0.0/icon`, { headers: { authorization: `Bearer ${key}` } });
  assert.deepEqual([icon.status, icon.headers.get('content-type')], [200, 'image/png']);
})));

test('a token near its end says so through the client', t => journey(t, { engine: 'postgres' }, withAda(async ({ server }) => {
  const key = await server.token({ account: 'ada', name: 'nightly', allow: ['nuget:push'], packages: ['*'], days: '30d' });
  let nuget = client(t, server);
  const early = await nuget.pushes(await nuget.packs('Contoso.Core'), key);
  assertPasses(early);
  assert.doesNotMatch(early.text, /WARNING/);

  await server.stop();
  await server.sql(`UPDATE tokens SET issued_at = issued_at - age.passed, expires_at = expires_at - age.passed
    FROM (SELECT id, (expires_at - issued_at) * 5 / 6 AS passed FROM tokens) age WHERE age.id = tokens.id AND expires_at IS NOT NULL`);
  await server.start();
  nuget = client(t, server);
  assertPasses(await nuget.pushes(await nuget.packs('Contoso.Core', '1.1.0'), key),
    /WARNING: lk_\w{4} expires on \d{4}-\d\d-\d\d \d\d:\d\d UTC, in \d+ (days|hours): refresh it under Settings, Access Tokens\./);
})));

onBoth(test, 'a key of an older system goes on pushing, reading and unlisting', withAda(async ({ server, t }) => {
  const guid = '5F1D2C3B-89AB-4CDE-8F01-23456789ABCD';
  const nuget = client(t, server);
  const file = await nuget.packs('Contoso.Core');
  assertRefused(await nuget.pushes(file, guid), /401/);
  const said = await server.must(['legacy', 'import', '-', '--policy', 'idle-365'], `account,key,created\nada,${guid.toLowerCase()},2016-05-01\n`);
  assert.match(said, /^Imported 1 key\. The first to end does so on \d{4}-\d\d-\d\d\.$/);
  await new Promise(resolve => setTimeout(resolve, 1000)); // a running server knows of an import within a second
  const pushed = await nuget.pushes(file, guid);
  assertPasses(pushed, /Your package was pushed/);
  assert.doesNotMatch(pushed.text, /WARNING/);
  assertPasses(await nuget.installs('Contoso.Core', '1.0.0', { password: guid }), /Successfully installed/);
  assertPasses(await nuget.deletes('Contoso.Core', '1.0.0', guid), /deleted successfully/);
}));

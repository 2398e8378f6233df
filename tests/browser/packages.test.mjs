// Packages and feeds: from the first push to a package that is looked at, hidden, shared and removed, with and without scripts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { nupkg, pushes } from './nupkg.mjs';
import { assertAccessible, journey, onBoth, PASSWORD, run, shoot } from './world.mjs';

const ABOUT = '<description>The foundation of every service.</description><tags>logging health</tags><projectUrl>https://example.com/core</projectUrl>';
/** The longest name there is. */
const LONG = `Contoso.${'Extraordinarily.'.repeat(6)}`.slice(0, 99) + 'X';

/** What goes into a README, wide and deep. */
const README = `# Core\n\nSee [the docs](https://example.com/docs) and ![build](https://ci.example/b.svg).\n\n\`\`\`\n${'long line '.repeat(30)}\n\`\`\`\n
| ${'column | '.repeat(12)}\n| ${'--- | '.repeat(12)}\n| ${'cell | '.repeat(12)}\n\n- a\n  - ${'b'.repeat(200)}\n\n> quoted\n`;

async function publisher(server, username = 'ada') {
  return server.token({ account: username, allow: ['nuget:pull', 'nuget:push', 'nuget:delete'], packages: ['*'] });
}

onBoth(test, 'a package goes from the first push to its removal', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.goes('/packages');
  await ada.follows(() => ada.page.getByRole('link', { name: 'Open the feed main' }).click());
  assert.match(await ada.says(), /Push the first package/);
  await ada.page.getByRole('button', { name: 'Copy the dotnet command' }).click();
  assert.equal(await ada.reads(''), `dotnet nuget push Contoso.Core.1.0.0.nupkg --source ${server.url}/v3/index.json --api-key YOUR_KEY --allow-insecure-connections`);

  const key = await publisher(server);
  for (const version of ['1.0.0', '1.2.0', '1.10.0']) await pushes(server, key, nupkg('Contoso.Core', version, ABOUT));
  await pushes(server, key, nupkg('Fabrikam.Core', '1.0.0'));
  await ada.goes('/');
  await ada.follows(() => ada.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Packages' }).click());
  await ada.page.getByRole('searchbox').fill('LOGGING');
  await ada.follows(() => ada.page.keyboard.press('Enter'));
  assert.doesNotMatch(await ada.says(), /Fabrikam/);
  await ada.follows(() => ada.page.getByRole('link', { name: 'Contoso.Core' }).click());
  assert.match(await ada.says(), /Contoso\.Core\s+1\.10\.0/);
  await ada.page.getByRole('button', { name: 'Copy the dotnet command' }).click();
  const line = 'dotnet add package Contoso.Core --version 1.10.0';
  assert.equal(await ada.reads(`dotnet nuget push Contoso.Core.1.0.0.nupkg --source ${server.url}/v3/index.json --api-key YOUR_KEY --allow-insecure-connections`), line);

  const copy = ada.page.getByRole('button', { name: 'Copy the NuGet.exe command' });
  assert.equal(await copy.isVisible(), false, 'one client at a time');
  await ada.page.getByRole('radio', { name: 'NuGet.exe' }).check();
  await copy.click();
  assert.equal(await ada.reads(line), `nuget install Contoso.Core -Version 1.10.0 -Source ${server.url}/v3/index.json`);

  await ada.follows(() => ada.page.getByRole('link', { name: 'Unlist 1.2.0' }).click());
  await ada.submits('Unlist');
  assert.match(await ada.says(), /Unlisted\. Searches no longer show it/);
  await ada.follows(() => ada.page.getByRole('link', { name: 'Remove' }).click());
  await ada.fills({ number: '1.20' });
  await ada.submits('Remove for good');
  assert.match(await ada.says(), /Type 1\.2\.0 to remove this version\./);
  assert.equal(await ada.page.getByLabel('Type 1.2.0 to confirm').inputValue(), '1.20', 'what was typed stays');
  await ada.fills({ number: '1.2.0' });
  await ada.submits('Remove for good');
  assert.match(await ada.says(), /Removed on .* by the operator/);
  assert.match(await pushes(server, key, nupkg('Contoso.Core', '1.2.0'), { expected: 409 }), /This version was removed/);
  assert.equal(await server.must(['package', 'remove', 'main', 'fabrikam.core']), 'Removed Fabrikam.Core from main: 1 version in all.');
  const twice = await server.operate(['package', 'remove', 'main', 'Fabrikam.Core']);
  assert.match(twice.text, /there is no Fabrikam\.Core in main, or it was removed before/);
  assert.notEqual(twice.code, 0);
});

test('the curl line of a new token uploads a package', t => journey(t, {}, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'CI', permissions: ['nuget:pull', 'nuget:push'], packages: ['Fabrikam.*'] });
  await ada.page.getByRole('radio', { name: 'curl' }).check();
  await ada.page.getByRole('button', { name: 'Copy the curl upload command' }).click();
  const line = await ada.reads('');
  const folder = mkdtempSync(path.join(tmpdir(), 'curl-'));
  try {
    writeFileSync(path.join(folder, 'Fabrikam.Core.1.0.0.nupkg'), nupkg('Fabrikam.Core', '1.0.0'));
    const { code, text } = await run('bash', ['-c', `${line} --silent --show-error --fail`], { cwd: folder });
    assert.equal(code, 0, text);
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.equal(await ada.goes('/feeds/main/packages/nuget/Fabrikam.Core/-/1.0.0'), 200);
}));

test('members are managed, and a public feed is looked at, without scripts', t => journey(t, { engine: 'sqlite' }, async ({ server, arrives }) => {
  const ada = await arrives({ javaScriptEnabled: false });
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await server.account('bo', PASSWORD);
  await ada.goes('/feeds');
  await ada.follows(() => ada.page.getByRole('link', { name: 'Create feed' }).click());
  await ada.fills({ name: 'team' });
  await ada.submits('Create feed');
  assert.match(await ada.says(), /Feed created/);
  await ada.follows(() => ada.page.getByRole('link', { name: 'Members' }).click());
  await ada.fills({ username: 'bo' });
  await ada.page.getByRole('radio', { name: 'Writer' }).check();
  await ada.submits('Add member');
  assert.match(await ada.says(), /bo\s+Writer/);
  const key = await publisher(server, 'bo');
  await pushes(server, key, nupkg('Contoso.Core', '1.0.0', ABOUT), { feed: 'team' });

  const stranger = await arrives({ javaScriptEnabled: false });
  await stranger.goes('/feeds/team');
  assert.equal(new URL(stranger.page.url()).pathname, '/sign-in');
  await ada.goes('/feeds/team/access');
  await ada.page.getByRole('radio', { name: /^Public/ }).check();
  await ada.submits('Save');
  await stranger.goes('/feeds/team');
  await stranger.follows(() => stranger.page.getByRole('link', { name: 'Contoso.Core' }).click());
  assert.doesNotMatch(await stranger.says(), /bo\b|lk_/);
}));

test('pages of packages are accessible, and nothing sticks out', t => journey(t, { engine: 'postgres' }, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const key = await publisher(server);
  await pushes(server, key, nupkg('Contoso.Core', '1.0.0', ABOUT));
  await pushes(server, key, nupkg('Contoso.Core', '1.1.0', `${ABOUT}<readme>r.md</readme>`, [['r.md', README]]));
  await pushes(server, key, nupkg(LONG, '10.20.30.40-prerelease.with.a.rather.long.label', `<description>${'x'.repeat(600)}</description><tags>${'t'.repeat(300)}</tags><projectUrl>https://example.com/${'p'.repeat(300)}</projectUrl>`));
  await server.must(['package', 'remove', 'main', 'Contoso.Core', '1.0.0']);
  await ada.page.emulateMedia({ reducedMotion: 'reduce' });
  const core = '/feeds/main/packages/nuget/Contoso.Core';
  await ada.goes(`${core}/-/deprecation`);
  await ada.page.getByRole('radio', { name: /Critical bugs/ }).check();
  await ada.page.getByLabel(/Message/).fill(`Loses data. ${'w'.repeat(300)}`);
  await ada.submits('Deprecate');
  assert.match(await ada.says(), /Deprecated: Critical bugs\. Loses data/);
  for (const path of ['/packages', '/packages?q=nothing', '/feeds', '/feeds/main', '/feeds/main/members', '/feeds/main/access', core, `${core}?from=x`, `${core}/-/1.1.0`, `${core}/-/1.0.0`,
    `${core}/-/1.1.0/remove`, `${core}/-/deprecation?versions=1.1.0`, `${core}/-/owners`, `/feeds/main/packages/nuget/${LONG}`]) {
    assert.equal(await ada.goes(path), 200, path);
    for (const width of [1280, 640, 360, 320]) {
      await ada.page.setViewportSize({ width, height: 800 });
      assert.equal(await ada.page.evaluate(() => document.documentElement.scrollWidth), width, `${path} at ${width} px`);
    }
    for (const colorScheme of ['light', 'dark']) {
      await ada.page.emulateMedia({ colorScheme });
      await assertAccessible(ada.page);
    }
    await ada.page.setViewportSize({ width: 1280, height: 800 });
    await shoot(ada.page, `packages${path.replace(/[^\w.]+/g, '-').slice(0, 60)}`);
  }
}));

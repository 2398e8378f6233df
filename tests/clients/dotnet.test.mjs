// Every dotnet line that a page shows, on http and on https: its text and the requests that it stands for always, and the line
// itself, run as it was copied, where this machine has a .NET SDK.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import test from 'node:test';
import { nupkg } from '../browser/nupkg.mjs';
import { journey } from '../browser/world.mjs';
import { AUTHORITY, Dotnet, noDotnet, startHttps } from './dotnet.mjs';
import { freePort } from './registry.mjs';

const why = await noDotnet();
const ORIGINS = ['http', 'https'];
const ALL = ['nuget:push', 'nuget:pull', 'nuget:delete'];

/** A journey on a host that is reached by http, or by https. */
async function journeyBy(t, scheme, walk) {
  const [node, port] = [await freePort(), await freePort()];
  const end = scheme === 'https' ? await startHttps(port, node) : async () => {};
  const settings = { LATCHKEY_LISTEN: `127.0.0.1:${node}`, ...(scheme === 'https' ? { LATCHKEY_PUBLIC_URL: `https://localhost:${port}` } : {}) };
  try {
    await journey(t, { settings }, async world => {
      assert.ok(world.server.url.startsWith(`${scheme}://`));
      const ada = await world.arrives({ ignoreHTTPSErrors: true });
      await ada.signsUpByLink(await world.server.setupLink(), 'ada');
      await walk({ ...world, ada });
    });
  } finally {
    await end();
  }
}

/** Presses every Copy button of a part of the page, and reads what each copied. */
async function copies(person, part) {
  const lines = [];
  for (const button of await person.page.locator(`${part} button[data-copy]`).all()) {
    await person.page.evaluate(() => navigator.clipboard.writeText('nothing copied yet'));
    await button.click();
    lines.push(await person.reads('nothing copied yet'));
  }
  return lines;
}

/** The lines for one client, on the page of a new token or in the guide. */
async function copiesFor(person, client) {
  await person.page.locator(`input[name="client"][value="${client}"]`).check();
  return copies(person, `#use-${client}`);
}

/** A new token: its lines for these clients, and its key. */
async function creates(person, token, clients = ['dotnet']) {
  await person.createsToken({ expiry: '30', ...token });
  const lines = [];
  for (const client of clients) lines.push(await copiesFor(person, client));
  return { lines, key: await person.copiesSecret() };
}

/** The install line of a package's page. */
async function installLine(person, feed, id) {
  await person.goes(`/feeds/${feed}/packages/nuget/${id}`);
  const [dotnet] = await copies(person, '#use-dotnet');
  return dotnet;
}

/** The commands of a step of a pipeline. */
const commands = step => step.split('\n').map(line => line.replace(/^\s*(- )?((run|bash): )?/, '')).filter(line => line.startsWith('dotnet ')).join('\n');

/** What a request is answered, whose certificate is believed as dotnet believes it. */
function asks(url, { method = 'GET', headers = {}, body } = {}) {
  const { request } = url.startsWith('https') ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ca: readFileSync(AUTHORITY), agent: false }, response => {
      const chunks = [];
      response.on('data', chunk => chunks.push(chunk)).on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode, headers: response.headers, bytes, json: () => JSON.parse(bytes.toString()) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A push as dotnet sends it: in chunks, the key in its own header alone. */
async function pushes(url, key, file) {
  const head = '--5f1d2c3b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: form-data; name=package; filename=package.nupkg; filename*=utf-8\'\'package.nupkg\r\n\r\n';
  const body = Buffer.concat([Buffer.from(head), file, Buffer.from('\r\n--5f1d2c3b--\r\n')]);
  const headers = { 'x-nuget-apikey': key, 'content-type': 'multipart/form-data; boundary="5f1d2c3b"', 'transfer-encoding': 'chunked' };
  return asks(url, { method: 'PUT', headers, body });
}

/** Where a source says that a service of it is. */
async function service(source, type, headers = {}) {
  const index = await asks(source, { headers });
  assert.equal(index.status, 200, source);
  return index.json().resources.find(resource => resource['@type'] === type)['@id'];
}

for (const scheme of ORIGINS) {
  test(`the dotnet lines say what is meant, and the requests behind them are answered (${scheme})`, t => journeyBy(t, scheme, async ({ server, ada }) => {
    const source = `${server.url}/v3/index.json`;
    const leave = scheme === 'http' ? ' --allow-insecure-connections' : '';
    const add = key => `dotnet nuget add source ${source} --name latchkey --username api --password ${key} --store-password-in-clear-text${leave}`;
    const update = key => `dotnet nuget update source latchkey --source ${source} --username api --password ${key} --store-password-in-clear-text${leave}`;
    const hides = (id, key) => `dotnet nuget delete ${id} 1.0.0 --source ${scheme === 'http' ? 'latchkey' : source} --api-key ${key} --non-interactive`;
    const { lines: [dotnet, github, gitlab, azure], key } = await creates(ada, { name: 'All', permissions: ALL, packages: ['Contoso.*'] }, ['dotnet', 'github', 'gitlab', 'azure']);
    const push = `dotnet nuget push Contoso.Core.1.0.0.nupkg --source ${source}`;
    assert.deepEqual(dotnet, [
      `${push} --api-key ${key}${leave}`, `export NUGET_API_KEY=${key}\n${push}${leave}`, `${add(key)}\ndotnet add package Contoso.Core`, update(key), hides('Contoso.Core', key),
    ]);
    const restore = `${add('"$NUGET_API_KEY"')}\ndotnet restore`;
    const publish = folder => `dotnet nuget push "${folder}/*.nupkg" --source ${source} --api-key "$NUGET_API_KEY" --skip-duplicate${leave}`;
    for (const [steps, folder] of [[github.slice(1), 'out'], [gitlab, 'out'], [azure, '$(Build.ArtifactStagingDirectory)']]) {
      assert.deepEqual(steps.map(commands), [restore, publish(folder)]);
    }
    await ada.goes('/guide');
    assert.deepEqual(await copiesFor(ada, 'dotnet'), dotnet.map(line => line.replaceAll(key, 'YOUR_KEY')));
    await ada.goes('/feeds/main');
    assert.deepEqual((await copies(ada, '.board, main')).filter(line => line.startsWith('dotnet')), [`${push} --api-key YOUR_KEY${leave}`]);
    const narrow = await creates(ada, { name: 'Hides', permissions: ['nuget:delete'], packages: ['Contoso.*'] });
    assert.deepEqual(narrow.lines[0], [`${scheme === 'http' ? `${add(narrow.key)}\n` : ''}${hides('Contoso.Core', narrow.key)}`]);

    // The key goes with the push alone: the index is asked for without it.
    const publishes = await service(source, 'PackagePublish/2.0.0');
    assert.ok(publishes.startsWith(`${server.url}/`), publishes);
    assert.equal((await pushes(`${publishes}/`, key, nupkg('Contoso.Core', '1.0.0'))).status, 201);
    assert.equal(await installLine(ada, 'main', 'Contoso.Core'), 'dotnet add package Contoso.Core --version 1.0.0');
    assert.match(await ada.says(), /add the feed once/);
    // Stored credentials go where they are asked for, once more after a challenge.
    const basic = { authorization: `Basic ${Buffer.from(`api:${key}`).toString('base64')}` };
    const flat = await service(source, 'PackageBaseAddress/3.0.0', basic);
    const versions = `${flat.replace(/\/$/, '')}/contoso.core/index.json`;
    const bare = await asks(versions);
    assert.deepEqual([bare.status, /^Basic /.test(bare.headers['www-authenticate'])], [401, true]);
    assert.deepEqual((await asks(versions, { headers: basic })).json().versions, ['1.0.0']);
    const file = await asks(versions.replace('index.json', '1.0.0/contoso.core.1.0.0.nupkg'), { headers: basic });
    assert.deepEqual(file.bytes, nupkg('Contoso.Core', '1.0.0'));
    const deleted = await asks(`${publishes}/Contoso.Core/1.0.0`, { method: 'DELETE', headers: { 'x-nuget-apikey': narrow.key, 'content-length': '0' } });
    assert.ok(deleted.status >= 200 && deleted.status < 300, `${deleted.status}`);
  }));

  test(`every dotnet line of the pages runs as it is copied (${scheme})`, async t => {
    if (why) return t.skip(`No dotnet line was run: ${why}.`);
    return journeyBy(t, scheme, async ({ server, ada }) => {
      const person = () => {
        const dotnet = new Dotnet();
        t.after(() => dotnet.remove());
        return dotnet;
      };
      const passes = async (dotnet, lines, words, env) => {
        const { code, text } = await dotnet.pastes(lines, env);
        assert.equal(code, 0, `${lines}\n${text}`);
        assert.match(text, words, lines);
      };
      const developer = person();
      await developer.packs('Contoso.Core');
      await server.must(['feed', 'add', '--name', 'team', '--owner', 'ada']);
      const team = await server.token({ account: 'ada', name: 'team', allow: ['nuget:push'], packages: ['*'], feed: 'team' });
      await ada.goes('/feeds/team');
      const [first] = (await copies(ada, 'main')).filter(line => line.startsWith('dotnet nuget push'));
      await passes(developer, first.replace('YOUR_KEY', team), /Your package was pushed/);

      const clients = ['dotnet', 'visual-studio', 'github', 'gitlab', 'azure'];
      const { lines: [dotnet, studio, ...pipelines], key } = await creates(ada, { name: 'All', permissions: ALL, packages: ['Contoso.*'] }, clients);
      const other = await creates(ada, { name: 'Other', permissions: ['nuget:push'], packages: ['Fabrikam.*'] });
      await passes(developer, dotnet[0], /Your package was pushed/);
      developer.writes('Fabrikam.Core.1.0.0.nupkg', nupkg('Fabrikam.Core', '1.0.0'));
      await passes(developer, other.lines[0][1], /Your package was pushed/);
      developer.begins();
      await passes(developer, dotnet[2], /PackageReference for package 'Contoso\.Core' version '1\.0\.0' added/);

      const environment = { NUGET_API_KEY: key };
      for (const [number, steps] of pipelines.entries()) {
        const machine = person();
        machine.begins('Contoso.Core');
        machine.writes(`out/Contoso.Core.1.${number + 1}.0.nupkg`, nupkg('Contoso.Core', `1.${number + 1}.0`));
        const [restore, publish] = steps.map(commands).filter(Boolean);
        await passes(machine, restore, /Restored .*App\.csproj/, environment);
        await passes(machine, publish.replace('$(Build.ArtifactStagingDirectory)', 'out'), /Your package was pushed/, environment);
      }
      const team_of_studio = person();
      team_of_studio.begins('Contoso.Core');
      team_of_studio.writes('nuget.config', studio[1]);
      await passes(team_of_studio, 'dotnet restore', /Restored .*App\.csproj/, environment);

      const reader = person();
      reader.begins();
      await passes(reader, dotnet[2].split('\n')[0], /added successfully/); // the page says to add the feed once
      await passes(reader, await installLine(ada, 'main', 'Contoso.Core'), /PackageReference for package 'Contoso\.Core' version '1\.3\.0' added/);
      await server.must(['feed', 'add', '--name', 'open', '--owner', 'ada', '--public']);
      const open = await server.token({ account: 'ada', name: 'open', allow: ['nuget:push'], packages: ['*'], feed: 'open' });
      assert.equal((await pushes(`${server.url}/feeds/open/nuget/v3/package/`, open, nupkg('Open.Core', '1.0.0'))).status, 201);
      // One more feed beside the one that was added, and alone.
      const stranger = person();
      stranger.begins();
      for (const one of [reader, stranger]) {
        await passes(one, await installLine(ada, 'open', 'Open.Core'), /PackageReference for package 'Open\.Core' version '1\.0\.0' added/);
      }

      // The next key goes where the last one was, and that one works no more.
      const next = await ada.refreshesToken('All');
      const again = await copiesFor(ada, 'dotnet');
      await passes(developer, again[3], /was successfully updated/);
      await passes(developer, 'rm -r .nuget/packages obj && dotnet restore --no-http-cache', /Restored .*App\.csproj/);
      assert.ok(again[4].includes(next));
      await passes(developer, again[4], /was deleted successfully/);
      const hides = await creates(ada, { name: 'Hides', permissions: ['nuget:delete'], packages: ['Fabrikam.*'] });
      await passes(person(), hides.lines[0].join('\n'), /was deleted successfully/);
      await developer.pastes('dotnet build-server shutdown');
    });
  });
}

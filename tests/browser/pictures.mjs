// Draws the pictures of the README: a host with a little life in it, as its owner sees it. Run by bin/pictures.
import path from 'node:path';

import { nupkg, pushes } from './nupkg.mjs';
import { Person, startServer } from './world.mjs';

const FOLDER = path.resolve(process.argv[2]);

/** What ada has: for whom, what it may do, with which packages, for how many days. */
const TOKENS = [
  ['Contoso service CI', ['nuget:pull', 'nuget:push'], ['Contoso.*'], '90d', 'GitHub Actions secret NUGET_KEY'],
  ['Release pipeline', ['nuget:pull', 'nuget:push-version'], ['Contoso.Core', 'Contoso.Web.*', 'Contoso.Tools'], '9d', 'Azure DevOps, service connection'],
  ['Nightly build of Fabrikam', ['nuget:pull', 'nuget:push'], ['Fabrikam.*'], '30d', 'Jenkins, credentials store'],
  ['Web front end', ['nuget:pull'], ['Contoso.Web.*'], '180d', ''],
  ['Old Jenkins', ['nuget:push'], ['Contoso.Legacy.*'], '365d', 'build-03'],
  ['Ada’s laptop', ['nuget:pull'], ['*'], '365d', ''],
  ['Package janitor', ['nuget:pull', 'nuget:delete'], ['*.Preview'], '60d', ''],
];

const PACKAGES = ['Contoso.Core', 'Contoso.Web.Forms', 'Contoso.Service.Client'];

async function withLife(server) {
  const secrets = {};
  for (const [name, allow, packages, life, note] of [...TOKENS].reverse()) {
    secrets[name] = await server.must(['token', 'add', '--account', 'ada', '--name', name, '--allow', allow.join(','),
      '--packages', packages.join(','), '--expires-in', life, '--note', note]);
  }
  for (const name of PACKAGES) await pushes(server, secrets['Contoso service CI'], nupkg(name, '1.0.0'));
  await pushes(server, secrets['Contoso service CI'], nupkg('Contoso.Core', '1.1.0'));
  await pushes(server, secrets['Nightly build of Fabrikam'], nupkg('Fabrikam.Reports', '2.0.0'));
  for (let times = 0; times < 3; times += 1) {
    await pushes(server, secrets['Contoso service CI'], nupkg('Fabrikam.Core', '1.0.0'), { expected: 403 });
  }
  for (const name of ['Web front end', 'Ada’s laptop']) {
    await fetch(`${server.url}/v3/flat/contoso.web.forms/index.json`, {
      headers: { authorization: `Bearer ${secrets[name]}`, 'user-agent': 'NuGet .NET Core MSBuild Task/6.12.1 (Linux)' },
    });
  }
}

async function draws(person, address, name, height = 800) {
  const { page } = person;
  await page.setViewportSize({ width: 1280, height });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  if (address) await person.goes(address);
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`) });
}

const server = await startServer();
const ada = await Person.arrives(server);
try {
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await withLife(server);
  await ada.page.waitForTimeout(15_000); // until uses are written
  await draws(ada, '/settings/tokens', 'tokens');
  await ada.goes('/settings/tokens/new');
  await ada.fills({ name: 'Contoso desktop CI', patterns: 'Contoso.Desktop.*' });
  await ada.page.waitForTimeout(1500); // until the sentence follows
  await draws(ada, '', 'create', 900);
  await ada.opensToken('Contoso service CI');
  await draws(ada, '', 'token', 900);
  await draws(ada, '/settings/refusals', 'refusals', 600);
} finally {
  await ada.leaves().catch(() => {});
  await server.remove();
}

// What `dotnet list package --deprecated` says, where this machine has a .NET SDK. The same is read from the wire, by the schema
// of registrations, in tests/registry/deprecation.rs, which always runs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { nupkg, pushes } from '../browser/nupkg.mjs';
import { journey } from '../browser/world.mjs';
import { Dotnet, noDotnet } from './dotnet.mjs';

const why = await noDotnet();

test('dotnet lists what is deprecated, why, and what to use instead', { skip: why ?? false }, t => journey(t, {}, async ({ server }) => {
  await server.account('ada', 'four quiet otters rowing');
  const key = await server.token({ account: 'ada', allow: ['nuget:push', 'nuget:pull', 'nuget:delete'], packages: ['*'] });
  for (const id of ['Contoso.Core', 'Contoso.Next']) await pushes(server, key, nupkg(id, '1.0.0'));
  const says = async said => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${server.url}/v3/package/Contoso.Core/deprecations`, { method: 'PUT', headers, body: JSON.stringify(said) });
    assert.equal(answer.status, 200, await answer.text());
  };
  await says({ versions: ['*'], hasCriticalBugs: true, message: 'Loses data.', alternatePackageId: 'Contoso.Next' });

  const dotnet = new Dotnet();
  t.after(() => dotnet.remove());
  dotnet.begins('Contoso.Core');
  dotnet.writes('nuget.config', `<?xml version="1.0" encoding="utf-8"?><configuration><packageSources><clear />
<add key="feed" value="${server.url}/v3/index.json" allowInsecureConnections="true" /></packageSources><packageSourceCredentials><feed>
<add key="Username" value="api" /><add key="ClearTextPassword" value="${key}" /></feed></packageSourceCredentials></configuration>`);
  const listed = await dotnet.pastes('dotnet restore\ndotnet list package --deprecated');
  assert.equal(listed.code, 0, listed.text);
  assert.match(listed.text, /> Contoso\.Core\s+1\.0\.0\s+1\.0\.0\s+Critical ?Bugs\s+Contoso\.Next/);
  await says({ versions: ['*'] });
  // The client keeps answers for half an hour.
  const again = await dotnet.pastes('dotnet nuget locals http-cache --clear\ndotnet list package --deprecated');
  assert.equal(again.code, 0, again.text);
  assert.doesNotMatch(again.text, /> Contoso\.Core/);
}));

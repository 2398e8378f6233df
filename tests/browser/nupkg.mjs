// Writes small NuGet packages and pushes them, as a build does.
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';

const number = (bytes, value) => { const buffer = Buffer.alloc(bytes); buffer.writeUIntLE(value, 0, bytes); return buffer; };

/** An archive of stored entries. */
export function zip(entries) {
  const files = [], directory = [];
  let offset = 0;
  for (const [name, text] of entries) {
    const content = Buffer.from(text);
    const facts = Buffer.concat([number(2, 20), number(2, 0), number(2, 0), number(4, 0x5a210000), number(4, crc32(content)), number(4, content.length),
      number(4, content.length), number(2, name.length), number(2, 0)]);
    const file = Buffer.concat([Buffer.from('PK\x03\x04'), facts, Buffer.from(name), content]);
    files.push(file);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), facts, Buffer.alloc(10), number(4, offset), Buffer.from(name)]));
    offset += file.length;
  }
  const index = Buffer.concat(directory);
  const count = number(2, entries.length);
  return Buffer.concat([...files, index, Buffer.from('PK\x05\x06\0\0\0\0', 'latin1'), count, count, number(4, index.length), number(4, offset), number(2, 0)]);
}

/** A package; `more` are further elements of its nuspec, `files` further files with their texts. */
export function nupkg(id, version, more = '<description>Counts things</description>', files = []) {
  const nuspec = `<?xml version="1.0"?><package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata><id>${id}</id><version>${version}</version><authors>Ada</authors>${more}</metadata></package>`;
  return zip([[`${id}.nuspec`, nuspec], ['lib/net8.0/a.dll', 'not really'], ...files]);
}

/** Pushes a package with a key; answers the status, after it is the expected one. */
export async function pushes(server, secret, file, { feed = 'main', expected = 201 } = {}) {
  const body = new FormData();
  body.append('package', new Blob([file], { type: 'application/octet-stream' }), 'package.nupkg');
  const response = await fetch(`${server.url}/feeds/${feed}/nuget/v3/package`, { method: 'PUT', headers: { 'x-nuget-apikey': secret }, body });
  assert.equal(response.status, expected, `${response.statusText} ${await response.text()}`);
  return response.statusText;
}

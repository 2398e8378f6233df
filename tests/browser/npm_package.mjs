// Writes small npm packages and publishes them, as npm does.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** An entry of a tar archive (POSIX ustar). */
function entry(name, text) {
  const content = Buffer.from(text);
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write('0000644\0' + '0000000\0' + '0000000\0' + content.length.toString(8).padStart(11, '0') + '\0' + '00000000000\0' + '        0ustar\x0000', 100, 'latin1');
  head.write(`${head.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([head, content, Buffer.alloc((512 - content.length % 512) % 512)]);
}

/** Publishes a version of a package with a key; `more` goes into its package.json. */
export async function publishes(server, secret, name, version, more = {}, feed = 'main') {
  const manifest = { name, version, description: 'Counts things.', ...more };
  const tarball = gzipSync(Buffer.concat([entry('package/package.json', JSON.stringify(manifest)), entry('package/index.js', 'module.exports = 1'), Buffer.alloc(1024)]));
  const file = `${name}-${version}.tgz`;
  const dist = { integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`, tarball: `http://elsewhere.example/${file}` };
  const document = {
    _id: name, name, description: manifest.description, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } }, access: null,
    _attachments: { [file]: { content_type: 'application/octet-stream', data: tarball.toString('base64'), length: tarball.length } },
  };
  const response = await fetch(`${server.url}/feeds/${feed}/npm/${name.replace('/', '%2f')}`, {
    method: 'PUT', headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }, body: JSON.stringify(document),
  });
  assert.ok(response.ok, `${response.status} ${await response.text()}`);
}

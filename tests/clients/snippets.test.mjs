// The lines of the guide, each run as it stands there, with the key in its place: npm, pnpm, Yarn, the pipelines of GitHub and
// GitLab, Docker and Skopeo.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { journey, run } from '../browser/world.mjs';
import { Docker, freePort, image, noDocker, settings, Stage, startNginx, startRegistry } from './registry.mjs';

const cache = process.env.LATCHKEY_CACHE || path.join(homedir(), '.cache/latchkey');
const modules = path.join(cache, 'node/node_modules');

/** The lines of the guide by what their buttons copy. */
async function guide(server) {
  const page = await (await fetch(`${server.url}/guide`)).text();
  const text = html => html.replace(/<[^>]+>/g, '').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))
    .replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&');
  const all = [...page.matchAll(/<pre id="([a-z-]+)-\d+"[^>]*aria-label="([^"]*)">([\s\S]*?)<\/pre>/g)];
  return new Map(all.map(([, client, about, body]) => [`${client}: ${about}`, text(body).trim()]));
}

/** A home in which lines are run by a shell. */
class Home {
  constructor(stage, lines, key) {
    Object.assign(this, { stage, lines, key, used: new Set() });
    this.home = path.join(stage.folder, 'home');
    const bin = path.join(this.home, 'bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(path.join(modules, '@pnpm/exe.linux-x64/pnpm'), path.join(bin, 'pnpm'));
    writeFileSync(path.join(bin, 'yarn'), `#!/bin/sh\nexec ${process.execPath} ${modules}/@yarnpkg/cli-dist/bin/yarn.js "$@"\n`, { mode: 0o755 });
    this.path = bin;
  }

  /** A line with the key in its place. */
  line(name) {
    assert.ok(this.lines.has(name), `the guide has no line ${name}: ${[...this.lines.keys()].join('; ')}`);
    this.used.add(name);
    return this.lines.get(name).replaceAll('YOUR_KEY', this.key);
  }

  /** A package in a folder of its own. */
  package(name, version, more = {}) {
    const folder = path.join(this.home, `${name.replace('/', '-')}-${version}`);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, version, ...more }));
    writeFileSync(path.join(folder, 'index.js'), `module.exports = '${name} ${version}';\n`);
    return folder;
  }

  async runs(text, cwd, env = {}) {
    const all = {
      PATH: `${this.path}:${process.env.PATH}`, HOME: this.home, TMPDIR: this.stage.folder, LANG: 'C.UTF-8', CI: '', XDG_RUNTIME_DIR: this.home,
      npm_config_update_notifier: 'false', npm_config_fund: 'false', npm_config_audit: 'false', YARN_ENABLE_TELEMETRY: '0', pnpm_config_minimum_release_age: '0', ...env,
    };
    const result = await run('bash', ['-euo', 'pipefail', '-c', text], { env: all, cwd });
    assert.equal(result.code, 0, `${text}\n${result.text}`);
    return result.text;
  }
}

/** What `actions/setup-node` of GitHub writes for a `registry-url`, as its documentation says. */
function setUpNode(home, step, runner) {
  const registry = /registry-url: (\S+)/.exec(step)[1];
  mkdirSync(runner);
  const file = path.join(runner, '.npmrc');
  writeFileSync(file, `${registry.replace(/^https?:/, '')}:_authToken=\${NODE_AUTH_TOKEN}\nregistry=${registry}\nalways-auth=false\n`);
  assert.match(step, /NODE_AUTH_TOKEN: \$\{\{ secrets\.NPM_TOKEN \}\}/);
  return { NPM_CONFIG_USERCONFIG: file, NODE_AUTH_TOKEN: home.key, HOME: runner };
}

const command = step => / run: (.*)/.exec(step)[1];
const script = job => [...job.matchAll(/^ {4}- (.*)$/gm)].map(([, line]) => line).join('\n');

test('the lines for npm, pnpm, Yarn and pipelines run as they stand in the guide', t => journey(t, {}, async ({ server }) => {
  await server.account('ada', 'four quiet otters rowing');
  const key = await server.token({ account: 'ada', allow: ['npm:pull', 'npm:push', 'npm:delete'], packages: ['*'] });
  const stage = new Stage();
  try {
    const home = new Home(stage, await guide(server), key);
    const ui = home.package('@team/ui', '1.0.0');
    await home.runs(home.line('npm: the command that stores the key for npm'), home.home);
    const npmrc = home.line('npm: the .npmrc file');
    writeFileSync(path.join(ui, '.npmrc'), `${npmrc}\n`);
    await home.runs(home.line('npm: the npm publish command'), ui);
    const project = home.package('project', '1.0.0', { private: true });
    writeFileSync(path.join(project, '.npmrc'), `${npmrc}\n`);
    await home.runs(home.line('npm: the npm install command'), project);
    assert.ok(existsSync(path.join(project, 'node_modules/@team/ui/index.js')));

    const next = home.package('@team/ui', '1.1.0');
    await home.runs(home.line('pnpm: the pnpm publish command'), next);
    const other = home.package('other', '1.0.0', { private: true });
    await home.runs(home.line('pnpm: the pnpm add command'), other);
    assert.ok(existsSync(path.join(other, 'node_modules/@team/ui/index.js')));

    const yarn = home.package('@team/ui', '1.2.0');
    writeFileSync(path.join(yarn, '.yarnrc.yml'), `${home.line('yarn: the .yarnrc.yml file')}\n`);
    writeFileSync(path.join(yarn, 'yarn.lock'), '');
    const [publish, add] = home.line('yarn: the yarn commands').split('\n');
    await home.runs(`yarn install\n${publish}`, yarn, { NPM_TOKEN: key });
    const berry = home.package('berry', '1.0.0', { private: true });
    cpSync(path.join(yarn, '.yarnrc.yml'), path.join(berry, '.yarnrc.yml'));
    writeFileSync(path.join(berry, 'yarn.lock'), '');
    await home.runs(add, berry, { NPM_TOKEN: key });
    assert.match(readFileSync(path.join(berry, 'yarn.lock'), 'utf8'), /@team\/ui@npm:1\.2\.0/);

    for (const [at, version] of [['github', '1.3.0'], ['gitlab', '1.4.0']]) {
      const publishes = home.package('@team/ui', version);
      const installs = home.package(`${at}-project`, '1.0.0', { private: true, dependencies: { '@team/ui': version } });
      const runner = path.join(home.home, `runner-${at}`);
      if (at === 'github') {
        const [install, release] = [home.line('npm-github: the install steps for GitHub Actions'), home.line('npm-github: the npm publish steps for GitHub Actions')];
        const env = setUpNode(home, release, runner);
        await home.runs(command(release), publishes, env);
        await home.runs('npm install --package-lock-only', installs, env);
        await home.runs(command(install), installs, env);
      } else {
        mkdirSync(runner);
        const env = { NPM_TOKEN: key, HOME: runner };
        await home.runs(script(home.line('npm-gitlab: the npm publish job for GitLab CI')), publishes, env);
        await home.runs('npm install --package-lock-only --registry ' + /--registry (\S+)/.exec(home.lines.get('npm: the npm publish command'))[1], installs, env);
        await home.runs(script(home.line('npm-gitlab: the npm install job for GitLab CI')), installs, { ...env, HOME: runner });
      }
      assert.ok(existsSync(path.join(installs, 'node_modules/@team/ui/index.js')), at);
    }
    await home.runs(home.line('npm: the npm commands that end a version'), project);
    const left = [...home.lines.keys()].filter(name => /^(npm|pnpm|yarn)/.test(name) && !home.used.has(name));
    assert.deepEqual(left, ['npm-github: the command that stores the npm key as a secret'], 'every line was run but what asks GitHub');
  } finally {
    await stage.remove();
  }
}));

const why = await noDocker();
test('the lines for Docker and Skopeo run as they stand in the guide', { skip: why }, async t => {
  const address = `127.0.0.1:${await freePort()}`;
  await journey(t, { settings: { ...await settings(), LATCHKEY_REGISTRY_SERVICES: address } }, async ({ server }) => {
    await server.account('ada', 'four quiet otters rowing', '--operator');
    await server.must(['feed', 'member', '--feed', 'main', '--account', 'ada', '--role', 'owner']); // who deletes images
    const key = await server.token({ account: 'ada', allow: ['container:pull', 'container:push', 'container:delete'], packages: ['*'] });
    const stage = new Stage();
    try {
      const registry = await startRegistry(stage, server, address);
      await startNginx(stage, server, 'nginx-registry.conf', { registry: `server ${registry};`, port: `listen ${address};` }, address);
      const home = new Home(stage, await guide(server), key);
      mkdirSync(path.join(home.home, '.config/containers'), { recursive: true });
      // The registry of the test is reached by plain http.
      writeFileSync(path.join(home.home, '.config/containers/registries.conf'), `[[registry]]\nlocation = "${address}"\ninsecure = true\n`);
      writeFileSync(path.join(home.home, '.config/containers/policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
      const images = path.join(home.home, 'app');
      image(images, 'hello');
      const index = JSON.parse(readFileSync(path.join(images, 'index.json'), 'utf8'));
      index.manifests[0].annotations['org.opencontainers.image.ref.name'] = '1.0';
      writeFileSync(path.join(images, 'index.json'), JSON.stringify(index));
      await home.runs(home.line('skopeo: the skopeo login command'), home.home);
      await home.runs(home.line('skopeo: the skopeo push command'), home.home);
      await home.runs(home.line('skopeo: the skopeo commands that read'), home.home);

      const docker = await new Docker(stage).start(stage);
      const env = { DOCKER_HOST: `unix://${docker.socket}`, DOCKER_CONFIG: path.join(home.home, 'docker') };
      await home.runs(home.line('docker: the login command'), home.home, env);
      const pull = home.line('docker: the pull command');
      await home.runs(pull, home.home, env);
      await home.runs(`docker tag ${pull.split(' ').at(-1)} app:1.0`, home.home, env);
      await home.runs(home.line('docker: the push commands'), home.home, env);
      await home.runs(home.line('skopeo: the skopeo delete command'), home.home);
      const left = [...home.lines.keys()].filter(name => /^(docker|skopeo)/.test(name) && !home.used.has(name));
      assert.deepEqual(left, [], 'every line was run');
    } finally {
      await stage.remove();
    }
  });
});

// Measures checks of keys against a bare server, in alternating rounds of one run; see bin/bench.
// Requests for each second and latencies come from wrk, processor time from /proc: the server's, and PostgreSQL's with it.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { tar } from "../../tests/clients/registry.mjs";

const [program, load] = process.argv.slice(2);
const setting = (name, otherwise) => Number(process.env[name] ?? otherwise);
const rounds = setting("BENCH_ROUNDS", 5);
const seconds = setting("BENCH_SECONDS", 3);
const keys = setting("BENCH_KEYS", 1_000_000);
const workers = (process.env.BENCH_WORKERS ?? "1,2").split(",").map(Number);
const connections = setting("BENCH_CONNECTIONS", 32);
const engines = ["sqlite", ...(process.env.TEST_DATABASE_URL ? ["postgres"] : [])];
const doors = [
  ["API", "/api/v1/tokens/current"],
  ["npm", "/feeds/main/npm/-/whoami"],
  ["NuGet", "/v3/query?take=0"],
];
/// What is asked with one hot key that may read npm packages and pull images.
const container = "/container/token?service=registry&scope=repository:main/app:pull";
const reads = [
  ["container token", container],
  ["forward-auth", "/auth/forward"],
  ["packument", "/feeds/main/npm/ui"],
  ["tarball", "/feeds/main/npm/ui/-/ui-1.0.0.tgz"],
];
const forwarded = ["X-Original-Method: GET", "X-Original-URI: /v2/main/app/manifests/latest"];
const work = mkdtempSync(join(tmpdir(), "latchkey-bench."));
const started = [];
process.on("exit", () => {
  for (const one of started) one.kill("SIGKILL");
  rmSync(work, { recursive: true, force: true });
});
process.on("SIGINT", () => process.exit(130));

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/// The processors a server of so many workers gets; wrk takes the last one.
const affinity = (count) => (count === 1 ? "0" : `0-${count - 1}`);

async function start(command, environment, count, url) {
  const child = spawn("taskset", ["-c", affinity(count), ...command], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "ignore", "ignore"],
  });
  started.push(child);
  for (let i = 0; i < 600; i++) {
    try {
      await fetch(url);
      return child;
    } catch {
      await pause(100);
    }
  }
  throw new Error(`${command.join(" ")} does not answer`);
}

async function stop(child) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

/// Processor time in microseconds of these processes.
function spent(processes) {
  const ticks = processes.map((process) => {
    try {
      const stat = readFileSync(`/proc/${process}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(fields[11]) + Number(fields[12]);
    } catch {
      return 0;
    }
  });
  return ticks.reduce((sum, one) => sum + one, 0) * 10_000;
}

function postgresProcesses() {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/comm`, "utf8").trim() === "postgres";
    } catch {
      return false;
    }
  });
}

const memory = (process) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${process}/status`, "utf8"))[1]) / 1024;

/// Publishes the package that is read; gives the key that reads it.
async function publish(environment, url) {
  const add = ["token", "add", "--account", "ada", "--name", `bench ${Date.now()}`, "--allow", "npm:pull,npm:push,container:pull"];
  const options = { env: { PATH: process.env.PATH, ...environment }, encoding: "utf8" };
  const key = execFileSync(program, [...add, "--packages", "*", "--expires-in", "1d"], options).trim();
  const manifest = JSON.stringify({ name: "ui", version: "1.0.0", description: "Counts things." });
  const data = gzipSync(tar("package/package.json", Buffer.from(manifest)));
  const document = {
    _id: "ui", name: "ui", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": { name: "ui", version: "1.0.0", dist: {} } },
    _attachments: { "ui-1.0.0.tgz": { content_type: "application/octet-stream", data: data.toString("base64"), length: data.length } },
  };
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const { status } = await fetch(`${url}/feeds/main/npm/ui`, { method: "PUT", headers, body: JSON.stringify(document) });
  if (status !== 201 && status !== 409) throw new Error(`ui was not published: ${status}`);
  return key;
}

/// A proof for a registry, which is good for two minutes.
function proof(url, key) {
  // By another program each time: a connection that stood idle may be closed.
  const answer = execFileSync("curl", ["-sS", "-H", `Authorization: Bearer ${key}`, url + container], { encoding: "utf8" });
  return JSON.parse(answer).token;
}

function run(url, path, file, count, head = []) {
  const last = String(cpus().length - 1);
  const arguments_ = ["-c", last, "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency"];
  const script = ["-s", new URL("keys.lua", import.meta.url).pathname, url, "--", path, file, String(count), ...head];
  return execFileSync("taskset", [...arguments_, ...script], { encoding: "utf8" });
}

function read(output) {
  const unit = { us: 0.001, ms: 1, s: 1000 };
  const latency = (percent) => {
    const [, number, word] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(output);
    return Number(number) * unit[word];
  };
  return {
    requests: Number(/(\d+) requests in/.exec(output)[1]),
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)[1]),
    p50: latency(50),
    p99: latency(99),
    refused: Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0),
  };
}

async function measure(engine, count) {
  const folder = join(work, engine);
  const file = join(work, `${engine}.keys`);
  const port = 18080 + count;
  const environment = {
    LATCHKEY_DATA_DIR: folder,
    LATCHKEY_LISTEN: `127.0.0.1:${port}`,
    LATCHKEY_SECRET_FILE: join(work, "secret"),
    LATCHKEY_REGISTRY_SERVICES: "registry",
    ...(engine === "postgres" ? { LATCHKEY_DATABASE_URL: process.env.BENCH_DATABASE_URL } : {}),
  };
  const bare = await start([load, "bare", `127.0.0.1:${port + 10}`], {}, count, `http://127.0.0.1:${port + 10}/`);
  const server = await start([program], environment, count, `http://127.0.0.1:${port}/healthz`);
  const idle = memory(server.pid);
  const url = `http://127.0.0.1:${port}`;
  const targets = [["bare", "", `http://127.0.0.1:${port + 10}`, "/", 1]];
  for (const [door, path] of doors) {
    targets.push([door, "malformed", url, path, "malformed"]);
    for (const amount of [1, 1_000, keys]) targets.push([door, String(amount), url, path, amount]);
  }
  const key = await publish(environment, url);
  for (const [door, path] of reads) targets.push([door, "1", url, path, "one"]);
  const results = targets.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, [door, , base, path, amount]] of targets.entries()) {
      const processes = door === "bare" ? [bare.pid] : [server.pid, ...(engine === "postgres" ? postgresProcesses() : [])];
      const shown = door === "forward-auth" ? proof(url, key) : key;
      const before = spent(processes);
      const head = door === "forward-auth" ? forwarded : [];
      const result = read(amount === "one" ? run(base, path, shown, amount, head) : run(base, path, file, amount));
      result.cpu = (spent(processes) - before) / result.requests;
      if (amount !== "malformed" && result.refused > 0) throw new Error(`${door}: ${result.refused} refused`);
      results[at].push(result);
    }
  }
  const busy = memory(server.pid);
  await stop(server);
  await stop(bare);
  const of = (at, name) => median(results[at].map((result) => result[name]));
  const ratio = (at, name) => median(results[at].map((result, round) => result[name] / results[0][round][name]));
  console.log(`\n### ${engine === "postgres" ? "PostgreSQL" : "SQLite"}, ${count} worker${count > 1 ? "s" : ""}\n`);
  console.log(`Memory: ${idle.toFixed(0)} MB before, ${busy.toFixed(0)} MB after.\n`);
  console.log("| door | keys | requests/s | ratio to bare | p50 ms | p99 ms | processor µs | ratio to bare |");
  console.log("|---|---|---|---|---|---|---|---|");
  for (const [at, [door, label]] of targets.entries()) {
    const numbers = [of(at, "rate").toFixed(0), ratio(at, "rate").toFixed(2), of(at, "p50").toFixed(2), of(at, "p99").toFixed(2)];
    console.log(`| ${door} | ${label} | ${[...numbers, of(at, "cpu").toFixed(1), ratio(at, "cpu").toFixed(1)].join(" | ")} |`);
  }
}

writeFileSync(join(work, "secret"), "a secret for benchmarks, and for nothing else at all\n", { mode: 0o600 });
console.log(`${new Date().toISOString().slice(0, 16)}, ${cpus().length} × ${cpus()[0].model}, load ${loadavg()[0].toFixed(1)} at the start;`);
console.log(`${connections} connections, ${rounds} rounds of ${seconds} s, ${keys} keys`);
for (const engine of engines) {
  mkdirSync(join(work, engine), { mode: 0o700 });
  const url = engine === "postgres" ? [process.env.BENCH_DATABASE_URL] : [];
  execFileSync(load, ["fill", join(work, engine), String(keys), join(work, `${engine}.keys`), ...url], { stdio: "inherit" });
  for (const count of workers) await measure(engine, count);
}
console.log(`\nLoad at the end: ${loadavg()[0].toFixed(1)}`);
process.exit(0);

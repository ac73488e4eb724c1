// The real server with its demo company, in a temporary folder on a free port. Kills only what it started.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Asks until the answer is truthy. */
export async function until(what, seconds, ask) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(100);
  }
}

function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

export class Server {
  constructor(binary) {
    this.binary = binary;
    this.folder = mkdtempSync(join(tmpdir(), "fieldseal-browser-"));
    this.engineers = new Map();
    this.stopped = new Set();
  }

  async start(speed = "20") {
    this.port ??= await freePort();
    this.base = `http://127.0.0.1:${this.port}`;
    this.said = "";
    const child = spawn(this.binary, ["demo", "--listen", `127.0.0.1:${this.port}`, "--data", join(this.folder, "data"), "--speed", speed], { stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        this.said += text;
        for (const [, login, pid] of this.said.matchAll(/engineer="([a-z.]+)" pid=(\d+)/g)) this.engineers.set(login, Number(pid));
      });
    }
    this.link = await until("a one-time link", 120, () => {
      if (child.exitCode !== null) throw new Error(`the demo ended by itself: ${this.said}`);
      return this.said.match(/http:\S+\/link\/[\w-]+/)?.[0];
    });
    await until("a healthy server", 30, async () => (await fetch(`${this.base}/healthz`).catch(() => null))?.ok);
  }

  /** As a power cut would. */
  async kill() {
    const gone = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGKILL");
    await gone;
  }

  /** Takes an engineer's phone off the air: its process stands still. */
  silence(login) {
    const pid = this.engineers.get(login);
    process.kill(pid, "SIGSTOP");
    this.stopped.add(pid);
  }

  wake() {
    for (const pid of this.stopped) try { process.kill(pid, "SIGCONT"); } catch { /* It is gone already. */ }
    this.stopped.clear();
  }

  /** `fieldseal-server verify` on a file: whether it finds the content unchanged. */
  verify(file) {
    const found = spawnSync(this.binary, ["verify", file], { encoding: "utf8", timeout: 20_000 });
    return { ok: found.status === 0, text: found.stdout + found.stderr };
  }

  async end() {
    this.wake();
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) {
      const gone = new Promise((done) => this.child.once("exit", done));
      this.child.kill("SIGINT");
      const late = setTimeout(() => this.child.kill("SIGKILL"), 5000);
      await gone;
      clearTimeout(late);
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

export const bytesOf = (file) => readFileSync(file);

// The phone of a peer on the workload: edits, connects, says when both sides have everything, and prints one line of
// JSON a run. `node peer.mjs SIDE CONFIG WORKLOAD LINE FOLDER`
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { read } from './workload.mjs'

const [side, config, path, lineProgram, folder] = process.argv.slice(2)
const { join } = await import(`./${side}.mjs`)
const workload = read(path)
// Longer than any run may take.
const PATIENCE = 60_000

/** A program that is told things by lines and answers each with one. */
function told(program, words) {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const hear = async () => {
    const { value, done } = await lines.next()
    assert.ok(!done, `${program} ended`)
    return value
  }
  const tell = (line) => child.stdin.write(`${line}\n`)
  const ask = async (line) => {
    tell(line)
    const answer = JSON.parse(await hear())
    assert.ok(!answer.error, answer.error)
    return answer
  }
  const end = () => {
    child.stdin.end()
    return new Promise((done) => child.on('exit', done))
  }
  return { tell, hear, ask, end }
}

const serverProgram = fileURLToPath(new URL('server.mjs', import.meta.url))
const server = told(process.execPath, [serverProgram, side, config, path, `${folder}/server`])
const ready = JSON.parse(await server.hear())
const { one_way_ms, handshake_ms } = workload.line
const line = told(lineProgram, [ready.address, String(one_way_ms), String(handshake_ms)])
const address = await line.hear()
const phone = await join({ config, workload, folder: `${folder}/phone`, address, ready })

const patient = (what, promise) =>
  Promise.race([
    promise,
    sleep(PATIENCE, undefined, { ref: false }).then(() => assert.fail(`${what}: not within ${PATIENCE} ms`)),
  ])

/** The traffic, once nothing crosses any more. */
async function quiet() {
  let last = await line.ask('traffic')
  for (let same = 0; same < 2; ) {
    await sleep(400)
    const now = await line.ask('traffic')
    same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0
    last = now
  }
  return last
}

/** No connection, and none to be had. */
async function leave() {
  await phone.leave()
  await line.ask('down')
  await sleep(500)
}

/** Both sides hold the same, document by document, and where changes can be counted exactly so many. */
async function compare(changes) {
  if (process.env.FIELDSEAL_PEERS_BROKEN) {
    await leave()
    await server.ask('edit 1')
  }
  const there = await server.ask('contents')
  assert.equal(workload.hash(await phone.documents()), there.contents, 'the contents of the documents differ between the two sides')
  const here = await phone.changes()
  assert.deepEqual([here, there.changes], [changes, changes], 'not the changes that were made')
}

function say(row, run, ms, edits, before, after) {
  const moved = Object.fromEntries(['up', 'down', 'connections'].map((key) => [key, after[key] - before[key]]))
  console.log(JSON.stringify({ side, config, row, run, ms, edits_ms: edits, ...moved }))
}

let saves = 0
let windows = 0

async function exchange(row, run) {
  const cold = row === 'cold'
  const { changes } = await server.ask('contents')
  if (cold) await leave()
  const before = await line.ask('traffic')
  server.tell(`edit ${workload.down}`)
  const last = []
  let begun = performance.now()
  for (let index = 0; index < workload.edited; index += 1) {
    for (let edit = 1; edit <= workload.edits_each; edit += 1) {
      saves += 1
      const { fields, note } = workload.edit(saves, edit === workload.edits_each)
      if (note) last.push({ index, fields, note })
      // A promise is awaited only where there is one, so that nothing is sent between edits that need no waiting.
      const made = phone.edit(index, { fields, note })
      if (made) await made
    }
  }
  const edits = performance.now() - begun
  if (cold) {
    await server.hear()
    await line.ask('up')
  }
  const expected = Array.from({ length: workload.down }, (_, edit) => workload.window(windows + edit))
  begun = performance.now()
  if (cold) phone.connect()
  else phone.go?.()
  const there = async () => {
    if (!cold) await server.hear()
    if (phone.asksServer) await server.ask(`await ${JSON.stringify(last)}`)
  }
  await patient(row, Promise.all([phone.everything(expected), there()]))
  const ms = performance.now() - begun
  windows += workload.down
  const after = await quiet()
  await compare(changes === null ? null : changes + workload.edited * workload.edits_each + workload.down)
  say(row, run, ms, edits, before, after)
}

/** Where unchanged documents get no answer: the server has heard of all of them, which its own state says. */
async function heard() {
  while ((await server.ask('heard')).heard < workload.documents) await sleep(2)
}

async function nothing(run) {
  const { changes } = await server.ask('contents')
  await leave()
  const before = await line.ask('traffic')
  await line.ask('up')
  const begun = performance.now()
  phone.connect()
  await patient('nothing new', phone.nothingNew ? phone.nothingNew() : heard())
  const ms = performance.now() - begun
  const after = await quiet()
  await compare(changes)
  say('idle', run, ms, 0, before, after)
}

/** An open connection, and nothing to say on it. */
async function rest() {
  const before = await line.ask('traffic')
  await sleep(workload.rest_ms)
  say('rest', 0, workload.rest_ms, 0, before, await line.ask('traffic'))
}

await quiet()
for (let run = 0; run < workload.runs; run += 1) await exchange('warm', run)
await rest()
for (let run = 0; run < workload.runs; run += 1) await exchange('cold', run)
for (let run = 0; run < workload.runs; run += 1) await nothing(run)
await phone.leave()
await Promise.all([server.end(), line.end()])
process.exit(0)

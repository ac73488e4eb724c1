// A peer's server: holds the documents, and edits them when it is told to. `node server.mjs SIDE CONFIG WORKLOAD FOLDER`;
// each line of its input is a command, answered by one line of JSON. It ends with its input.
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { read } from './workload.mjs'

const [side, config, path, folder] = process.argv.slice(2)
const { serve } = await import(`./${side}.mjs`)
const workload = read(path)
const server = await serve({ config, workload, folder })
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`)
say({ address: `127.0.0.1:${server.port}`, ...server.ready })
let edits = 0
const holds = (documents) => ({ index, fields, note }) =>
  Object.entries(fields).every(([key, value]) => documents[index][key] === value) &&
  (!note || documents[index].notes.at(-1) === note)
for await (const line of createInterface({ input: process.stdin })) {
  const [command, count] = line.split(' ')
  if (command === 'edit') {
    for (let edit = 0; edit < Number(count); edit += 1) await server.edit(workload.window(edits++))
    say({ edits })
  } else if (command === 'await') {
    const edits = JSON.parse(line.slice('await '.length))
    while (!edits.every(holds(await server.documents()))) await sleep(1)
    say({ edits: edits.length })
  } else if (command === 'heard') {
    say({ heard: server.heard() })
  } else {
    say({ contents: workload.hash(await server.documents()), changes: await server.changes() })
  }
}
process.exit(0)

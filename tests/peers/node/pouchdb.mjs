// PouchDB against a PouchDB behind express-pouchdb. Configurations: `default` (LevelDB on both sides, its own fetch, live
// replication), and `best` (in memory, connections kept open, checkpoints on the phone alone, and on an open connection
// one replication after the edits: a live one starts with the first edit and is not free again for the rest until
// several round trips later). Both replicate in batches large enough for everything.
import express from 'express'
import expressPouchdb from 'express-pouchdb'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import http from 'node:http'
import PouchDB from 'pouchdb'
import memory from 'pouchdb-adapter-memory'

PouchDB.plugin(memory)
const BATCH = 1_000
// Where a replication got to is kept on the phone alone: fewer requests.
const checkpoints = { push: { checkpoint: 'source' }, pull: { checkpoint: 'target' } }
const name = (index) => `document-${String(index).padStart(4, '0')}`

function put(document, { fields, note }) {
  Object.assign(document, fields)
  if (note) document.notes.push(note)
}

async function documents(database) {
  const { rows } = await database.allDocs({ include_docs: true })
  return rows.map(({ doc }) => doc)
}

export async function serve({ config, workload, folder }) {
  mkdirSync(folder, { recursive: true })
  const Stored = PouchDB.defaults(config === 'best' ? { adapter: 'memory' } : { prefix: `${folder}/` })
  const app = express()
  app.use('/', expressPouchdb(Stored, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: `${folder}/log.txt` }))
  const database = new Stored('work')
  const all = Array.from({ length: workload.documents }, (_, index) => ({ _id: name(index), ...workload.document(index) }))
  await database.bulkDocs(all)
  const server = app.listen(0, '127.0.0.1')
  server.keepAliveTimeout = 600_000
  await once(server, 'listening')
  return {
    port: server.address().port,
    ready: {},
    async edit({ index, fields }) {
      const document = await database.get(name(index))
      put(document, { fields })
      await database.put(document)
    },
    documents: () => documents(database),
    // Replication brings the last state of a document, not the changes that led to it.
    changes: () => null,
  }
}

export async function join({ config, workload, folder, address }) {
  mkdirSync(folder, { recursive: true })
  // A document is sent with the names of its former revisions, a thousand if nobody says less.
  const local = new PouchDB(`${folder}/work`, config === 'best' ? { adapter: 'memory', revs_limit: 20 } : {})
  let agent
  const remote = new PouchDB(`http://${address}/work`, {
    skip_setup: true,
    fetch: (url, options) => PouchDB.fetch(url, config === 'best' ? { ...options, agent } : options),
  })
  let sync
  // Revisions that the server has confirmed, and what came from it.
  let pushed = new Map()
  let pulled = new Map()
  let failed
  let look = () => {}
  const replicate = (live) => {
    pushed = new Map()
    pulled = new Map()
    sync = local.sync(remote, { live, batch_size: BATCH, ...(config === 'best' ? checkpoints : {}) })
    sync.on('change', ({ direction, change }) => {
      change.docs.forEach((document) => {
        if (direction === 'push') pushed.set(document._id, document._rev)
        else pulled.set(document._id, document)
      })
      look()
    })
    sync.on('error', (error) => {
      failed = error
      look()
    })
    sync.catch(() => {})
  }
  const connect = (live = false) => {
    agent = new http.Agent({ keepAlive: true })
    replicate(live)
  }
  const leave = async () => {
    sync.cancel()
    agent.destroy()
  }
  const until = (condition) =>
    new Promise((resolve, reject) => {
      look = () => {
        if (failed) reject(failed)
        if (condition()) {
          look = () => {}
          resolve()
        }
      }
      look()
    })

  connect()
  await sync
  if (config !== 'best') {
    await leave()
    connect(true)
  }
  const cache = await documents(local)
  const edited = new Set()
  return {
    connect,
    leave,
    // On an open connection, once the edits are made.
    go: config === 'best' ? () => replicate(false) : undefined,
    async edit(index, edit) {
      put(cache[index], edit)
      const { rev } = await local.put(cache[index])
      cache[index]._rev = rev
      edited.add(index)
    },
    everything: (expected) =>
      until(
        () =>
          cache.every(({ _id, _rev }, index) => !edited.has(index) || pushed.get(_id) === _rev) &&
          expected.every(({ index, fields }) =>
            Object.entries(fields).every(([key, value]) => pulled.get(name(index))?.[key] === value),
          ),
      ),
    async nothingNew() {
      await sync
    },
    documents: () => documents(local),
    changes: () => null,
  }
}

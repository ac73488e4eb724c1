// automerge-repo over its own websocket adapters. Configurations: `default` (files, as its documentation has it), and
// `best` (in memory, every message compressed).
import { next as A } from '@automerge/automerge'
import { Repo } from '@automerge/automerge-repo'
import { WebSocketClientAdapter, WebSocketServerAdapter } from '@automerge/automerge-repo-network-websocket'
import { NodeFSStorageAdapter } from '@automerge/automerge-repo-storage-nodefs'
import { once } from 'node:events'
import { WebSocketServer } from 'ws'

const storage = (config, folder) => (config === 'best' ? undefined : new NodeFSStorageAdapter(folder))

/** Whole values, as forms write them: a text would be merged letter by letter, and is larger. */
const whole = (text) => new A.ImmutableString(text)

function put(doc, { fields, note }) {
  for (const [key, value] of Object.entries(fields)) doc[key] = whole(value)
  if (note) doc.notes.push(whole(note))
}

const count = (handles) => handles.reduce((sum, handle) => sum + A.stats(handle.doc()).numChanges, 0)

export async function serve({ config, workload, folder }) {
  const sockets = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: config === 'best' ? { threshold: 0 } : false,
  })
  await once(sockets, 'listening')
  const repo = new Repo({
    // Pings would be among the bytes.
    network: [new WebSocketServerAdapter(sockets, 600_000)],
    storage: storage(config, folder),
    // As its sync server: whoever asks may have a document, and the server announces none.
    shareConfig: { announce: async () => false, access: async () => true },
  })
  const handles = Array.from({ length: workload.documents }, (_, index) => {
    const { notes, ...fields } = workload.document(index)
    const whole_ = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, whole(value)]))
    return repo.create({ ...whole_, notes: notes.map(whole) })
  })
  // Documents that the phone spoke of on this connection: those without news get no answer.
  const heard = new Set()
  repo.networkSubsystem.on('peer-disconnected', () => heard.clear())
  repo.on('doc-metrics', ({ type, documentId }) => {
    if (type === 'receive-sync-message') heard.add(documentId)
  })
  return {
    port: sockets.address().port,
    ready: { urls: handles.map((handle) => handle.url) },
    edit: ({ index, fields }) => handles[index].change((doc) => put(doc, { fields })),
    documents: () => handles.map((handle) => handle.doc()),
    changes: () => count(handles),
    heard: () => heard.size,
  }
}

/** Its client adapter, which compresses small messages too, as a browser does. */
class Compressing extends WebSocketClientAdapter {
  connect(...words) {
    super.connect(...words)
    const socket = this.socket
    socket.once('upgrade', () =>
      setImmediate(() => {
        const deflate = socket._extensions['permessage-deflate']
        if (deflate) deflate._threshold = 0
      }),
    )
  }
}

export async function join({ config, folder, address, ready }) {
  const repo = new Repo({ storage: storage(config, folder) })
  const Adapter = config === 'best' ? Compressing : WebSocketClientAdapter
  let adapter
  // What the server said last that it has, since the connection began.
  let theirs = new Map()
  let look = () => {}
  repo.synchronizer.on('sync-state', ({ documentId, syncState }) => {
    if (syncState.theirHeads) theirs.set(documentId, syncState.theirHeads)
    look()
  })
  const connect = () => {
    theirs = new Map()
    adapter = new Adapter(`ws://${address}`)
    repo.networkSubsystem.addNetworkAdapter(adapter)
  }
  connect()
  await adapter.whenReady()
  const handles = await Promise.all(ready.urls.map((url) => repo.find(url)))
  await Promise.all(handles.map((handle) => handle.whenReady()))
  handles.forEach((handle) => handle.on('change', () => look()))

  const acknowledged = (handle) => {
    const said = theirs.get(handle.documentId)
    const heads = A.getHeads(handle.doc())
    return said?.length === heads.length && heads.every((head) => said.includes(head))
  }
  const until = (condition) =>
    new Promise((resolve) => {
      look = () => {
        if (condition()) {
          look = () => {}
          resolve()
        }
      }
      look()
    })
  const edited = new Set()

  return {
    connect,
    leave() {
      repo.networkSubsystem.removeNetworkAdapter(adapter)
    },
    edit(index, edit) {
      edited.add(handles[index])
      handles[index].change((doc) => put(doc, edit))
    },
    everything: (expected) =>
      until(
        () =>
          expected.every(({ index, fields }) =>
            Object.entries(fields).every(([key, value]) => String(handles[index].doc()[key]) === value),
          ) && [...edited].every(acknowledged),
      ),
    documents: () => handles.map((handle) => handle.doc()),
    changes: () => count(handles),
  }
}

// Hocuspocus with Yjs over one websocket for all documents. Configurations: `default` (each change a message, documents
// stored to files by its hook), and `best` (the changes of one turn merged, every message compressed, nothing stored).
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { Server } from '@hocuspocus/server'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import WebSocket from 'ws'
import * as Y from 'yjs'

const compression = (config) => (config === 'best' ? { threshold: 0 } : false)
const name = (index) => `document-${index}`

function put(doc, { fields, note }) {
  doc.transact(() => {
    const map = doc.getMap('fields')
    for (const [key, value] of Object.entries(fields)) map.set(key, value)
    if (note) doc.getArray('notes').push([note])
  })
}

const plain = (doc) => ({ ...doc.getMap('fields').toJSON(), notes: doc.getArray('notes').toJSON() })

export async function serve({ config, workload, folder }) {
  mkdirSync(folder, { recursive: true })
  const file = (document) => `${folder}/${document}.bin`
  const stored = {
    async onLoadDocument({ document, documentName }) {
      if (existsSync(file(documentName))) Y.applyUpdate(document, readFileSync(file(documentName)))
    },
    async onStoreDocument({ document, documentName }) {
      writeFileSync(file(documentName), Y.encodeStateAsUpdate(document))
    },
  }
  const server = new Server({
    port: 0,
    address: '127.0.0.1',
    quiet: true,
    stopOnSignals: false,
    // Pings would be among the bytes.
    timeout: 600_000,
    // Or every connection with more documents than a hundred is closed.
    maxPendingDocuments: 10_000,
    maxUnauthenticatedQueueMessages: 10_000,
    websocketOptions: { perMessageDeflate: compression(config) },
    ...(config === 'best' ? {} : stored),
  })
  await server.listen()
  const direct = []
  for (let index = 0; index < workload.documents; index += 1) {
    const connection = await server.hocuspocus.openDirectConnection(name(index))
    const { notes, ...fields } = workload.document(index)
    await connection.transact((doc) => {
      put(doc, { fields })
      doc.getArray('notes').push(notes)
    })
    direct.push(connection)
  }
  return {
    port: server.address.port,
    ready: {},
    edit: ({ index, fields }) => direct[index].transact((doc) => put(doc, { fields })),
    documents: () => direct.map((connection) => plain(connection.document)),
    // Yjs keeps no changes that could be counted.
    changes: () => null,
  }
}

export async function join({ config, workload, address }) {
  class Socket extends WebSocket {
    constructor(url) {
      super(url, { perMessageDeflate: compression(config) })
    }
  }
  const websocketProvider = new HocuspocusProviderWebsocket({
    url: `ws://${address}`,
    WebSocketPolyfill: Socket,
    messageReconnectTimeout: 600_000,
  })
  let look = () => {}
  const providers = Array.from({ length: workload.documents }, (_, index) => {
    const provider = new HocuspocusProvider({
      name: name(index),
      document: new Y.Doc(),
      websocketProvider,
      // Nobody looks at who else is there.
      awareness: null,
      flushDelay: config === 'best' ? 1 : false,
      onUnsyncedChanges: () => look(),
      onSynced: () => look(),
    })
    provider.attach()
    provider.document.on('update', () => look())
    return provider
  })
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
  const settled = (provider) => provider.isSynced && !provider.hasUnsyncedChanges
  await until(() => providers.every(settled))
  const edited = new Set()
  return {
    // After a reconnection the provider's count of what is unsynced starts at one, however much was edited offline, and
    // the first of several confirmations makes it nought: the server's own state is asked besides.
    asksServer: true,
    connect() {
      websocketProvider.connect()
    },
    async leave() {
      websocketProvider.disconnect()
    },
    edit(index, edit) {
      edited.add(providers[index])
      put(providers[index].document, edit)
    },
    everything: (expected) =>
      until(
        () =>
          expected.every(({ index, fields }) =>
            Object.entries(fields).every(
              ([key, value]) => providers[index].document.getMap('fields').get(key) === value,
            ),
          ) && [...edited].every(settled),
      ),
    nothingNew: () => until(() => providers.every(settled)),
    documents: () => providers.map((provider) => plain(provider.document)),
    changes: () => null,
  }
}

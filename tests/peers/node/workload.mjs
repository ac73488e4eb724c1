// The numbers and texts that every side reads, and the edits that follow from them.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

export function read(path) {
  const json = JSON.parse(readFileSync(path, 'utf8'))
  const text = (list, index) => json[list][index % json[list].length]
  return {
    ...json,
    runs: Number(process.env.FIELDSEAL_PEERS_RUNS ?? json.runs),
    /** A document as it is at first. */
    document(index) {
      const n = String(index).padStart(8, '0')
      const fields = Object.entries(json.fields).map(([key, value]) => [key, value.replace('{n}', n)])
      return { ...Object.fromEntries(fields), notes: [...json.notes] }
    },
    /** One edit of the phone, the `saves`th of all: two fields, or one field and a note where it is a document's last. */
    edit(saves, last) {
      const suffix = json.round.replace('{round}', (Math.floor(saves / json.findings.length) % 90) + 1)
      const found = text('findings', saves) + suffix
      const fields = { action_taken: text('actions', saves + 2) + suffix }
      return last ? { fields, note: found } : { fields: { ...fields, fault_found: found } }
    },
    /** The server's `count`th edit: in which document, and what it sets. */
    window(count) {
      const index = json.edited + (count % (json.documents - json.edited))
      const at = (hour) => `2026-11-24T${String(hour).padStart(2, '0')}:${String(count % 60).padStart(2, '0')}:00+08:00`
      const hour = 8 + (count % 10)
      return { index, fields: { window_from: at(hour), window_to: at(hour + 2) } }
    },
    /** What stands in all documents, as a hash. */
    hash(documents) {
      const hash = createHash('sha256')
      documents.forEach((document, index) => {
        const fields = Object.keys(json.fields).map((key) => [key, String(document[key])])
        hash.update(`${index} ${JSON.stringify([fields, Array.from(document.notes, String)])}\n`)
      })
      return hash.digest('hex')
    },
  }
}

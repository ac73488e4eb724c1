// The results as one Markdown table: medians, with the smallest and the largest of each time.
// `node table.mjs RESULTS WORKLOAD LOCK`
import { readFileSync } from 'node:fs'
import { read } from './workload.mjs'

const [results, path, lock] = process.argv.slice(2)
const workload = read(path)
const lines = readFileSync(results, 'utf8').split('\n').filter((line) => line.startsWith('{'))
const runs = lines.map((line) => JSON.parse(line))
const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
const samod = /name = "samod"\nversion = "([^"]+)"/.exec(readFileSync(lock, 'utf8'))[1]
const names = {
  Fieldseal: 'Fieldseal',
  samod: `samod ${samod}`,
  'automerge-repo': `automerge-repo ${dependencies['@automerge/automerge-repo']}`,
  hocuspocus: `Hocuspocus ${dependencies['@hocuspocus/server']}`,
  pouchdb: `PouchDB ${dependencies.pouchdb}`,
}

const sorted = (side, row, figure) =>
  runs
    .filter((run) => run.side === side.side && run.config === side.config && run.row === row)
    .map((run) => run[figure])
    .sort((a, b) => a - b)
const median = (values) => values[Math.floor((values.length - 1) / 2)]
const bytes = (side, row) => ['up', 'down'].map((way) => median(sorted(side, row, way))).join(' / ')
function ms(side, row, figure = 'ms') {
  const values = sorted(side, row, figure).map(Math.round)
  return `**${median(values)}** (${values[0]}–${values.at(-1)})`
}
const sum = (side, row) => median(sorted(side, row, 'up')) + median(sorted(side, row, 'down'))

/** Who asks, asks; who would be told hears nothing. */
const open = (side) =>
  sorted(side, 'idle-warm', 'ms').length
    ? `asks: ${ms(side, 'idle-warm')} ms, ${sum(side, 'idle-warm')} bytes`
    : `${sum(side, 'rest')} bytes in ${workload.rest_ms / 1_000} s`

const sides = []
for (const { side, config } of runs) {
  if (!sides.some((known) => known.side === side && known.config === config)) sides.push({ side, config })
}
const head = [
  'side',
  'warm: ms',
  'bytes up / down',
  'new connection after offline edits: ms',
  'bytes up / down',
  'connections',
  'nothing new, new connection: ms',
  'bytes, both ways',
  'nothing new, open connection',
  'n',
]
console.log(`| ${head.join(' | ')} |`)
console.log(`| --- |${' ---: |'.repeat(head.length - 1)}`)
for (const side of sides) {
  const cells = [
    names[side.side] + (side.config ? `, ${side.config}` : ''),
    ms(side, 'warm'),
    bytes(side, 'warm'),
    ms(side, 'cold'),
    bytes(side, 'cold'),
    median(sorted(side, 'cold', 'connections')),
    ms(side, 'idle'),
    sum(side, 'idle'),
    open(side),
    sorted(side, 'cold', 'ms').length,
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
console.log()
for (const side of sides) {
  const name = names[side.side] + (side.config ? `, ${side.config}` : '')
  console.log(`${name}: the ${workload.edited * workload.edits_each} edits made in ${ms(side, 'warm', 'edits_ms')} ms`)
}

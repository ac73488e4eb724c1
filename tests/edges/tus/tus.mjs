// tus-js-client against the server's upload lane: uploads through a line that breaks in the middle of the body, is
// resumed by the client itself, and comes back equal. Usage: node tus.mjs BINARY FOLDER
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import * as tus from 'tus-js-client'

const [binary, folder] = process.argv.slice(2)
const server = spawn(binary, [folder], { stdio: ['pipe', 'pipe', 'inherit'] })
const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]()
const say = async (command) => {
  server.stdin.write(`${command}\n`)
  assert.equal((await lines.next()).value, 'OK')
}

/** Uploads a file; gives every request that the client made, and the progress that it reported. */
function upload(url, token, file, options) {
  const seen = []
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(createReadStream(file.file), {
      endpoint: url,
      uploadSize: file.size,
      chunkSize: Infinity,
      retryDelays: [0, 50, 100, 200, 400],
      headers: { Authorization: `Bearer ${token}` },
      removeFingerprintOnSuccess: true,
      ...options,
      onAfterResponse(request, response) {
        seen.push({
          method: request.getMethod(),
          status: response.getStatus(),
          sentFrom: request.getHeader('Upload-Offset'),
          offset: response.getHeader('Upload-Offset'),
          row: response.getHeader('Fieldseal-Row'),
        })
      },
      onProgress(sent) {
        seen.push({ progress: sent })
      },
      onError: (error) => reject(error),
      onSuccess: () => resolve(seen),
    })
    upload.start()
  })
}

async function get(ready, file, headers = {}) {
  return fetch(`${ready.server}/v1/blobs/${file.sha256}`, {
    headers: { Authorization: `Bearer ${ready.token}`, ...headers },
  })
}

try {
  const said = (await lines.next()).value
  assert.ok(said?.startsWith('READY '), 'the server did not start')
  const ready = JSON.parse(said.slice(6))
  const [cut, chunked, whole] = ready.photos
  const at = (file, base) => `${base}/v1/blobs/${file.sha256}`

  // 1. One request with everything, and the line breaks in the middle of its body.
  await say('cut 1500000')
  const seen = await upload(at(cut, ready.line), ready.token, cut)
  const requests = seen.filter((step) => step.method)
  assert.deepEqual(requests[0], { ...requests[0], method: 'POST', status: 201 })
  const resumed = requests.find((step) => step.method === 'HEAD')
  assert.ok(resumed, 'the client did not have to resume: the line was not cut')
  const offset = Number(resumed.offset)
  assert.ok(offset > 0 && offset < cut.size, `the server kept nothing or all of it: ${resumed.offset}`)
  const last = requests.at(-1)
  assert.deepEqual([last.method, last.status], ['PATCH', 204])
  assert.equal(Number(last.sentFrom), offset, 'the client went on elsewhere than the server said')
  assert.equal(Number(last.offset), cut.size)
  assert.ok(Number(last.row) > 0, 'no receipt row')
  const after = seen.slice(seen.indexOf(resumed)).flatMap((step) => step.progress ?? [])
  assert.ok(after.length > 0 && Math.min(...after) >= offset, 'the client reports less than what was kept')
  console.log(`resumed at ${offset} of ${cut.size}, row ${last.row}`)

  // 2. Chunks of 256 KiB, the line breaking within one of them.
  await say('cut 900000')
  const chunks = await upload(at(chunked, ready.line), ready.token, chunked, { chunkSize: 256 * 1024 })
  assert.ok(chunks.some((step) => step.method === 'HEAD'), 'the chunked upload was not cut')
  assert.ok(Number(chunks.filter((step) => step.method).at(-1).row) > Number(last.row))

  // 3. The first bytes with the creation.
  const created = await upload(at(whole, ready.server), ready.token, whole, { uploadDataDuringCreation: true })
  const posts = created.filter((step) => step.method)
  assert.deepEqual([posts[0].method, posts[0].status], ['POST', 201])
  assert.equal(Number(posts[0].offset), whole.size, 'the bytes of the creation were not taken')

  // 4. A second upload of the same: the client asks and has nothing to send.
  const again = await upload(at(cut, ready.server), ready.token, cut, { uploadUrl: at(cut, ready.server) })
  assert.deepEqual(again.filter((step) => step.method).map((step) => step.method), ['HEAD'])

  // 5. Down again: whole, in a range, and not for others.
  for (const file of ready.photos) {
    const bytes = Buffer.from(await (await get(ready, file)).arrayBuffer())
    assert.equal(createHash('sha256').update(bytes).digest('hex'), file.sha256)
  }
  const range = await get(ready, cut, { Range: 'bytes=1000000-1000999' })
  assert.equal(range.status, 206)
  assert.equal(range.headers.get('content-range'), `bytes 1000000-1000999/${cut.size}`)
  const part = Buffer.from(await range.arrayBuffer())
  assert.ok(part.equals(readFileSync(cut.file).subarray(1_000_000, 1_001_000)))
  assert.equal((await get({ ...ready, token: 'nonsense' }, cut)).status, 401)

  // 6. A blob that no fact names is not taken.
  const wrong = await fetch(at({ sha256: 'ab'.repeat(32) }, ready.server), {
    method: 'POST',
    headers: { Authorization: `Bearer ${ready.token}`, 'Tus-Resumable': '1.0.0', 'Upload-Length': '10' },
  })
  assert.equal(wrong.status, 404, 'a blob that no fact names was taken')
  console.log('tus: passed')
} finally {
  server.stdin.end()
  await new Promise((done) => server.on('exit', done))
}

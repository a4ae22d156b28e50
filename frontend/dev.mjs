// The site for development: built into a folder of its own and again after each change, served on
// loopback with /api passed on to the state API. An open page reloads itself when a build is done.
//   node dev.mjs [--port 8080] [--api http://127.0.0.1:5000] [--config '{"environment": "development"}']
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { headerPolicy } from './policy.mjs'

const TYPES = { '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript', '.txt': 'text/plain' }
const PAUSE_MS = 100 // editors save in several steps
const RELOADER = `new EventSource('/dev/builds').addEventListener('message', () => location.reload())\n`

const root = dirname(fileURLToPath(import.meta.url))
const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    api: { type: 'string', default: 'http://127.0.0.1:5000' },
    config: { type: 'string', default: '{"environment": "development"}' },
  },
})
const config = JSON.stringify(JSON.parse(options.config))
const api = new URL(options.api)
const policy = await headerPolicy()
const out = await mkdtemp(join(tmpdir(), 'site-'))
const listeners = new Set()

function build() {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'build.mjs'), '--out', out], { stdio: 'inherit' })
    child.on('exit', (code) => resolve(code === 0))
  })
}

let waiting
let building = Promise.resolve()

function rebuildSoon() {
  clearTimeout(waiting)
  waiting = setTimeout(() => {
    building = building.then(async () => {
      if (await build()) for (const response of listeners) response.write('data: built\n\n')
    })
  }, PAUSE_MS)
}

function answer(response, status, type, body) {
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Cache-Control': 'no-store',
    'Content-Security-Policy': policy,
  })
  response.end(body)
}

function tellBuilds(response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.flushHeaders()
  listeners.add(response)
  response.on('close', () => listeners.delete(response))
}

/** Hand a request to the API as it is, and its answer back. */
function passOn(given, response) {
  const { method, url, headers } = given
  const asked = request(new URL(url, api), { method, headers: { ...headers, host: api.host } }, (answered) => {
    response.writeHead(answered.statusCode, answered.headers)
    answered.pipe(response)
  })
  asked.on('error', () => answer(response, 502, 'text/plain', `no answer from the API at ${api.origin}\n`))
  response.on('close', () => asked.destroy())
  given.pipe(asked)
}

function withReloader(page) {
  return page.replace('</head>', '<script src="/dev/reload.js" defer></script></head>')
}

async function serveFile(path, response) {
  const name = normalize(path === '/' ? '/index.html' : path)
  try {
    const body = await readFile(join(out, name))
    const type = TYPES[extname(name)] ?? 'application/octet-stream'
    answer(response, 200, type, name === '/index.html' ? withReloader(body.toString()) : body)
  } catch {
    answer(response, 404, 'text/plain', 'not found\n')
  }
}

const server = createServer((given, response) => {
  const { pathname } = new URL(given.url, 'http://site')
  if (pathname.startsWith('/api/')) passOn(given, response)
  else if (pathname === '/config.js') answer(response, 200, TYPES['.js'], `window.APP_CONFIG = ${config};\n`)
  else if (pathname === '/dev/reload.js') answer(response, 200, TYPES['.js'], RELOADER)
  else if (pathname === '/dev/builds') tellBuilds(response)
  // A kept page would hide what has just been changed.
  else if (pathname === '/offline.js') answer(response, 404, 'text/plain', 'not in development\n')
  else serveFile(pathname, response)
})

if (!(await build())) process.exitCode = 1
watch(join(root, 'src'), { recursive: true }, rebuildSoon)
// The folder, not the file: editors put a new file in its place.
watch(root, (_, name) => name === 'index.html' && rebuildSoon())

// Loopback only: this server is for the person at this machine.
server.listen(Number(options.port), '127.0.0.1', () => {
  console.log(`The site: http://127.0.0.1:${server.address().port}/ (API: ${api.origin})`)
})
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await rm(out, { recursive: true, force: true })
    process.exit(0)
  })
}

import assert from 'node:assert/strict'
import test from 'node:test'

import { StateApi } from '../src/api.js'
import { readConfig } from '../src/config.js'
import { todo } from './fakes.js'

// The one thing of the outside that the module calls is replaced by a server that answers as told.
function apiAnswering(t, status, body, headers = {}) {
  const asked = []
  t.mock.method(globalThis, 'fetch', async (address, request) => {
    asked.push({ address, ...request })
    return new Response(status === 304 ? null : body, { status, headers })
  })
  return { api: new StateApi(readConfig({ apiBase: '/api/', stateName: 'mine' })), asked }
}

test('a list arrives with its version', async (t) => {
  const { api, asked } = apiAnswering(t, 200, JSON.stringify([todo(1)]), { ETag: '"a"' })
  assert.deepEqual(await api.read('"old"'), { kind: 'list', items: [todo(1)], etag: '"a"' })
  assert.equal(asked[0].address, '/api/state/mine')
  assert.equal(asked[0].headers['If-None-Match'], '"old"')
})

test("only the API's own 404 means that there is no list yet", async (t) => {
  assert.equal((await apiAnswering(t, 404, '{"cause": "none"}').api.read()).kind, 'absent')
  t.mock.restoreAll()
  assert.equal((await apiAnswering(t, 404, '<h1>Not Found</h1>').api.read()).kind, 'unreachable')
})

test("a proxy's page in place of the list is a failure, not a list", async (t) => {
  const { api } = apiAnswering(t, 200, '<!doctype html>')
  assert.deepEqual(await api.read(), { kind: 'unreachable', cause: 'unexpected answer (200)' })
})

test('a write carries its condition: the version it was made from, or that there was none', async (t) => {
  const { api, asked } = apiAnswering(t, 200, '[]', { ETag: '"b"' })
  assert.deepEqual(await api.write([], '"a"'), { kind: 'saved', etag: '"b"' })
  await api.write([], null)
  await api.write([], undefined)
  const conditions = asked.map(({ headers }) => [headers['If-Match'], headers['If-None-Match']])
  assert.deepEqual(conditions, [['"a"', undefined], [undefined, '*'], [undefined, undefined]])
})

test('a lost race brings the list of the server', async (t) => {
  const body = JSON.stringify({ cause: 'changed', state: [todo(2)] })
  const { api } = apiAnswering(t, 412, body, { ETag: '"c"' })
  assert.deepEqual(await api.write([], '"a"'), { kind: 'conflict', items: [todo(2)], etag: '"c"' })
})

for (const [status, kind] of [[400, 'refused'], [413, 'refused'], [429, 'unreachable'], [500, 'unreachable'], [503, 'unreachable']]) {
  test(`${status} on a write is ${kind}`, async (t) => {
    const { api } = apiAnswering(t, status, '{"cause": "why"}')
    assert.deepEqual(await api.write([], '"a"'), { kind, cause: 'why' })
  })
}

test('no connection is told as such', async (t) => {
  t.mock.method(globalThis, 'fetch', async () => {
    throw new TypeError('fetch failed')
  })
  assert.deepEqual(await new StateApi(readConfig()).read(), { kind: 'unreachable', cause: 'no connection' })
})

test('a configuration of the wrong kind falls back to what works', () => {
  assert.deepEqual(readConfig({ apiBase: 7, stateName: '../x', release: 'r1' }), {
    apiBase: '/api',
    stateName: 'default',
    environment: '',
    release: 'r1',
  })
})

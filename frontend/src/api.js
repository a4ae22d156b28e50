// The state API over fetch, its answers as values: nothing here throws, and nothing here decides.
import { withDistinctIds } from './todos.js'

const TIMEOUT_MS = 10_000
// Browsers refuse to finish larger requests of a page that is being closed.
const KEEPALIVE_LIMIT_BYTES = 60_000
// Answers that say "later", not "never", though they are the client's by number.
const PASSING_STATUSES = new Set([408, 425, 429])

export class StateApi {
  #address

  constructor({ apiBase, stateName }) {
    this.#address = `${apiBase}/state/${encodeURIComponent(stateName)}`
  }

  /**
   * Ask for the list. `etag` is the version already held, if any. Resolves to one of
   * `{kind: 'list', items, etag}`, `{kind: 'absent'}`, `{kind: 'unchanged'}`,
   * `{kind: 'refused', cause}` (do not ask again), `{kind: 'unreachable', cause}` (ask again later).
   */
  async read(etag) {
    const headers = { Accept: 'application/json', ...(etag && { 'If-None-Match': etag }) }
    return this.#ask({ headers }, (response, body) => {
      if (response.status === 304) return { kind: 'unchanged' }
      // Only the API's own 404 means "no list yet"; a proxy's means that the API was not reached.
      if (response.status === 404 && typeof body?.cause === 'string') return { kind: 'absent' }
      if (response.status === 200 && isList(body)) {
        return { kind: 'list', items: withDistinctIds(body), etag: response.headers.get('ETag') ?? undefined }
      }
      return failure(response, body)
    })
  }

  /**
   * Replace the list. `etag` is the version that it was made from: a text, null for "there was none",
   * undefined when the server gives no versions. Resolves to `{kind: 'saved', etag}`,
   * `{kind: 'conflict', items, etag}` with the server's list, `refused` or `unreachable`.
   */
  async write(items, etag) {
    const body = JSON.stringify(items)
    const headers = { Accept: 'application/json', 'Content-Type': 'application/json' }
    if (etag) headers['If-Match'] = etag
    if (etag === null) headers['If-None-Match'] = '*'
    const keepalive = new Blob([body]).size < KEEPALIVE_LIMIT_BYTES
    return this.#ask({ method: 'PUT', headers, body, keepalive }, (response, answer) => {
      const tag = response.headers.get('ETag')
      if (response.ok) return { kind: 'saved', etag: tag ?? undefined }
      if (response.status === 412 && isList(answer?.state)) {
        return { kind: 'conflict', items: withDistinctIds(answer.state), etag: tag ?? undefined }
      }
      if (response.status === 412 && answer?.state === null) return { kind: 'conflict', items: [], etag: null }
      return failure(response, answer)
    })
  }

  async #ask(request, understand) {
    try {
      const response = await fetch(this.#address, {
        ...request,
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      return understand(response, parsed(await response.text()))
    } catch (error) {
      return { kind: 'unreachable', cause: error.name === 'TimeoutError' ? 'no answer in time' : 'no connection' }
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function failure({ status }, body) {
  const cause = typeof body?.cause === 'string' ? body.cause : `unexpected answer (${status})`
  const forGood = status >= 400 && status < 500 && body?.cause !== undefined && !PASSING_STATUSES.has(status)
  return { kind: forGood ? 'refused' : 'unreachable', cause }
}

function isList(value) {
  return (
    Array.isArray(value) &&
    value.every(
      (todo) =>
        Number.isSafeInteger(todo?.id) && typeof todo.title === 'string' && typeof todo.completed === 'boolean',
    )
  )
}

// The service worker: lets the page open without a network, from what the last visit with one left here.
// The network always comes first, so a new release is never hidden by an old one. The list is none of
// its business: requests to the API pass by.

const CACHE = 'site'
const PAGE = '/'
const CONFIG = '/config.js'
const ASSET = /\/assets\/[^"'\s]+/g

const isAsset = (path) => path.startsWith('/assets/')

async function keep(path, response) {
  if (!response.ok || response.redirected) return
  const cache = await caches.open(CACHE)
  await cache.put(path, response)
}

/** Keep the page and all that it needs, and forget the assets of earlier releases. */
async function keepPage(response) {
  if (!response.ok || response.redirected) return
  const needed = (await response.clone().text()).match(ASSET)
  if (!needed) return // not this site's page: somebody in between asks for a password, say
  const cache = await caches.open(CACHE)
  const missing = []
  for (const path of needed) if (!(await cache.match(path))) missing.push(path)
  await cache.addAll(missing)
  await cache.put(PAGE, response)
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url)
    if (isAsset(pathname) && !needed.includes(pathname)) await cache.delete(pathname)
  }
}

const keepers = { [PAGE]: keepPage, [CONFIG]: (response) => keep(CONFIG, response) }

async function fromNetworkFirst(event, path) {
  try {
    const response = await fetch(event.request)
    event.waitUntil(keepers[path](response.clone()).catch(() => {})) // no room: the next visit tries again
    return response
  } catch (error) {
    const kept = await caches.match(path)
    if (kept) return kept
    throw error
  }
}

self.addEventListener('install', (event) => {
  self.skipWaiting()
  event.waitUntil(
    Promise.all([PAGE, CONFIG].map(async (path) => keepers[path](await fetch(path, { cache: 'no-cache' })))),
  )
})

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (pathname in keepers) event.respondWith(fromNetworkFirst(event, pathname))
  else if (isAsset(pathname)) event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(request)))
})

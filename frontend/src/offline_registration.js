// Asks the browser to keep the page for times without a network.

const ADDRESS = '/offline.js'

/** Register the service worker. Where the browser has none, or refuses, the site works as without it. */
export async function keepForOffline() {
  if (!navigator.serviceWorker) return
  try {
    await navigator.serviceWorker.register(trusted(ADDRESS))
  } catch {
    // Private windows and strict settings forbid it.
  }
}

/** The Content-Security-Policy lets only this one address through. */
function trusted(address) {
  const policy = window.trustedTypes?.createPolicy('offline', { createScriptURL: () => ADDRESS })
  return policy ? policy.createScriptURL(address) : address
}

// What the environment tells the site, by /config.js; every value has a default that works without it.

const DEFAULTS = { apiBase: '/api', stateName: 'default', environment: '', release: 'dev' }
const STATE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** Return the configuration with defaults in place of what is missing or of the wrong kind. */
export function readConfig(given) {
  const config = { ...DEFAULTS }
  for (const key of Object.keys(DEFAULTS)) {
    const value = given?.[key]
    if (typeof value === 'string') config[key] = value
  }
  config.apiBase = config.apiBase.replace(/\/+$/, '')
  if (!STATE_NAME.test(config.stateName)) config.stateName = DEFAULTS.stateName
  return Object.freeze(config)
}

// The Content-Security-Policy, from the one place where it stands: content-security-policy.txt.
import { readFile } from 'node:fs/promises'

const FILE = new URL('content-security-policy.txt', import.meta.url)
// Browsers obey these in a header only, and complain about them in a page.
const HEADER_ONLY = ['frame-ancestors']

const directives = async () => (await readFile(FILE, 'utf8')).trim().split('\n')

/** The policy as the value of the response header. */
export async function headerPolicy() {
  return (await directives()).join('; ')
}

/** The policy as index.html carries it, for hosts that send no header. */
export async function pagePolicy() {
  return (await directives()).filter((line) => !HEADER_ONLY.includes(line.split(' ', 1)[0])).join('; ')
}

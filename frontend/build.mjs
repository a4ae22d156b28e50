// Builds the site into dist/ (or the folder named by --out): index.html, which is never cached, and
// assets/ with the hash of their content in their names, which may be cached for ever. config.js is
// not part of the build: it is written per environment when the site is published.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'

import { build } from 'esbuild'
import { compileScript, parse } from 'vue/compiler-sfc'

import { pagePolicy } from './policy.mjs'

const SHIPPED_PACKAGES = ['vue', 'todomvc-app-css']
const LIMIT_KB = '60'

const root = dirname(fileURLToPath(import.meta.url))
const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'dist') },
    limit: { type: 'string', default: LIMIT_KB }, // kB that the compressed page may weigh
  },
})
const out = resolve(options.out)

// Single-file components become plain modules with their templates compiled in, so that the site
// needs no template compiler, which a strict Content-Security-Policy would not let run.
const singleFileComponents = {
  name: 'single-file-components',
  setup({ onLoad }) {
    onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      const { descriptor, errors } = parse(await readFile(path, 'utf8'), { filename: path })
      if (errors.length) return { errors: errors.map(({ message }) => ({ text: message })) }
      const script = compileScript(descriptor, { id: basename(path), inlineTemplate: true, isProd: true })
      return { contents: script.content, loader: 'js' }
    })
  },
}

const shared = { absWorkingDir: root, bundle: true, target: 'es2022', minify: true, logLevel: 'warning' }

async function bundlePage() {
  const { metafile } = await build({
    ...shared,
    entryPoints: { site: 'src/main.js' },
    outdir: join(out, 'assets'),
    entryNames: '[name]-[hash]',
    format: 'esm',
    metafile: true,
    legalComments: 'eof',
    plugins: [singleFileComponents],
    define: {
      'process.env.NODE_ENV': '"production"',
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    },
  })
  const names = Object.keys(metafile.outputs).map((path) => basename(path))
  return { script: names.find((name) => name.endsWith('.js')), style: names.find((name) => name.endsWith('.css')) }
}

/** A browser knows a service worker by its address, so this one name never changes. */
async function bundleServiceWorker() {
  await build({ ...shared, entryPoints: ['src/offline.js'], outdir: out, format: 'iife' })
}

async function writePage({ script, style }) {
  const given = { SCRIPT: `/assets/${script}`, STYLE: `/assets/${style}`, POLICY: await pagePolicy() }
  const template = await readFile(join(root, 'index.html'), 'utf8')
  await writeFile(join(out, 'index.html'), template.replace(/%([A-Z]+)%/g, (_, name) => given[name]))
}

async function writeLicences() {
  const texts = await Promise.all(
    SHIPPED_PACKAGES.map(async (name) => {
      const folder = join(root, 'node_modules', name)
      const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
      const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
      return `${name} ${version} (${license})\n\n${await readFile(join(folder, file), 'utf8')}`
    }),
  )
  await writeFile(join(out, 'licences.txt'), texts.join('\n\n----\n\n'))
}

/** Print what a first visit downloads, by part. False when it is more than the limit. */
async function printWeight({ script, style }) {
  let total = 0
  for (const name of ['index.html', `assets/${script}`, `assets/${style}`, 'offline.js']) {
    const bytes = gzipSync(await readFile(join(out, name)), { level: 9 }).length
    total += bytes
    console.log(`${(bytes / 1000).toFixed(1).padStart(6)} kB  ${name}`)
  }
  console.log(`${(total / 1000).toFixed(1).padStart(6)} kB  page, compressed (at most ${options.limit})`)
  return total <= Number(options.limit) * 1000
}

await rm(out, { recursive: true, force: true })
await mkdir(out, { recursive: true })
const assets = await bundlePage()
await bundleServiceWorker()
await writePage(assets)
await writeLicences()
if (!(await printWeight(assets))) {
  console.error('The page is heavier than allowed: see which part has grown, and what brought it in.')
  process.exitCode = 1
}

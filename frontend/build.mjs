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

const WEIGHT_LIMIT_BYTES = 60 * 1024
const SHIPPED_PACKAGES = ['vue', 'todomvc-app-css']

const root = dirname(fileURLToPath(import.meta.url))
const { values: options } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist') } } })
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

async function bundle() {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { site: 'src/main.js' },
    outdir: join(out, 'assets'),
    entryNames: '[name]-[hash]',
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    metafile: true,
    legalComments: 'eof',
    logLevel: 'warning',
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

async function writePage({ script, style }) {
  const template = await readFile(join(root, 'index.html'), 'utf8')
  const page = template.replace('%SCRIPT%', `/assets/${script}`).replace('%STYLE%', `/assets/${style}`)
  await writeFile(join(out, 'index.html'), page)
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

async function printWeight({ script, style }) {
  let total = 0
  for (const name of ['index.html', `assets/${script}`, `assets/${style}`]) {
    const bytes = gzipSync(await readFile(join(out, name)), { level: 9 }).length
    total += bytes
    console.log(`${(bytes / 1024).toFixed(1).padStart(6)} kB  ${name}`)
  }
  console.log(`${(total / 1024).toFixed(1).padStart(6)} kB  page, compressed (at most ${WEIGHT_LIMIT_BYTES / 1024})`)
  if (total > WEIGHT_LIMIT_BYTES) throw new Error('the page is heavier than allowed')
}

await rm(out, { recursive: true, force: true })
await mkdir(out, { recursive: true })
const assets = await bundle()
await writePage(assets)
await writeLicences()
await printWeight(assets)

#!/usr/bin/env node
// Makes a clone ready, then runs one of the commands below with Node 24. Every `npm run` goes through here.
//
// It must run on whatever Node a machine happens to have (10 and up), before anything is installed: so it is plain
// old JavaScript on Node's own modules. When all is in place it prints nothing.
'use strict'

const { spawn, spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')

// All run from the sources, on which no build can be stale; `built` ones run on dist, built first.
const COMMANDS = {
  bench: { file: 'bench/run.ts', built: true },
  build: { file: 'node_modules/@typescript/native/bin/tsc', args: ['-b', 'tsconfig.build.json'] },
  demo: { file: 'examples/demo/main.ts' },
  docs: { file: 'tools/docs/main.ts' },
  examples: { file: 'tools/run-examples.ts' },
  heddle: { file: 'packages/heddle/src/cli/main.ts', here: true },
  services: { file: 'tools/services/main.ts' },
  test: { file: 'node_modules/vitest/vitest.mjs', args: ['run'] },
  verify: { file: 'tools/verify.ts' },
}

const root = path.join(__dirname, '..')
const at = (...parts) => path.join(root, ...parts)
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'))
const major = (version) => parseInt(version.replace(/^v/, ''), 10)
const say = (line) => process.stderr.write(`heddle: ${line}\n`)
const fail = (line) => {
  say(line)
  process.exit(1)
}

// The npm packages that carry a Node for one platform each; npm installs the one that fits this machine.
const NODES = readJson(at('package.json')).optionalDependencies
const exe = process.platform === 'win32' ? 'node.exe' : 'node'

/** The Node that npm installed in a folder, or undefined where there is none for this platform. */
function nodeIn(folder) {
  return Object.keys(NODES)
    .map((name) => path.join(folder, 'node_modules', name, 'bin', exe))
    .find((file) => fs.existsSync(file))
}

function run(file, args, options) {
  const result = spawnSync(file, args, Object.assign({ cwd: root, stdio: 'inherit' }, options))
  if (result.error) return { ok: false, why: result.error.message }
  return {
    ok: result.status === 0,
    why: `it ended with ${result.signal || result.status}`,
    out: result.stdout,
  }
}

/** Why packages have to be installed, or undefined when what is installed is what the lock file asks for. */
function missing() {
  let installed
  try {
    // npm writes this file last, so an install that was cut off has none.
    installed = readJson(at('node_modules', '.package-lock.json')).packages
  } catch {
    return 'they are not there yet'
  }
  const wanted = readJson(at('package-lock.json')).packages
  const differs = Object.keys(wanted).find((name) => {
    const want = wanted[name]
    if (want.link || !name.includes('node_modules/')) return false
    // Optional ones for other platforms are not installed.
    if (!installed[name]) return !want.optional && !want.peer
    return installed[name].version !== want.version
  })
  return differs && `${differs.replace('node_modules/', '')} differs from the lock file`
}

/** How to call an npm that can install this: this machine's, or else one that is fetched, with a Node 24 to run it. */
function findNpm() {
  const cli = process.env.npm_execpath || ''
  const own = cli.endsWith('npm-cli.js')
    ? { file: process.execPath, args: [cli], options: {} }
    : { file: 'npm', args: [], options: { shell: process.platform === 'win32' } }
  const call = (args, options) =>
    run(own.file, own.args.concat(args), Object.assign({}, own.options, options))

  const asked = call(['--version'], { stdio: ['ignore', 'pipe', 'ignore'] })
  if (!asked.ok) return fail(`npm was not found (${asked.why}). Install Node 24, which brings it.`)
  const version = String(asked.out).trim()
  if (major(version) >= 10) return own

  // Kept outside node_modules, which `npm ci` empties.
  const home = at('.node')
  const npm = path.join(home, 'node_modules', 'npm', 'bin', 'npm-cli.js')
  if (!nodeIn(home) || !fs.existsSync(npm)) {
    const platform = process.platform === 'win32' ? 'win' : process.platform
    const name = Object.keys(NODES).find((each) => each.endsWith(`${platform}-${process.arch}`))
    if (!name)
      return fail(`npm ${version} is too old, and no package has a Node for this platform. Install Node 24.`)
    say(`npm ${version} is too old for this repo: fetching npm 11 and Node ${NODES[name]} into .node/`)
    fs.mkdirSync(home, { recursive: true })
    fs.writeFileSync(path.join(home, 'package.json'), '{ "private": true }\n')
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const what = ['--prefix', home, '--no-save', '--no-package-lock', `${name}@${NODES[name]}`, 'npm@11']
    const done = call(['install'].concat(what, quiet), { cwd: home })
    if (!done.ok) return fail(`npm install did not work: ${done.why}`)
  }
  return { file: nodeIn(home), args: [npm], options: {} }
}

function install(reason) {
  const npm = findNpm()
  // `npm ci` starts from nothing; `npm install` only brings what has changed.
  const verb = fs.existsSync(at('node_modules', '.package-lock.json')) ? 'install' : 'ci'
  say(`installing packages (npm ${verb}): ${reason}`)
  const done = run(npm.file, npm.args.concat(verb, '--ignore-scripts', '--loglevel=error'), npm.options)
  if (!done.ok) fail(`npm ${verb} did not work: ${done.why}`)

  // On a platform that looks right and is not (musl), the packaged Node cannot start: then it must not be on the path.
  const packaged = nodeIn(root)
  if (packaged && !run(packaged, ['--version'], { stdio: 'ignore' }).ok) {
    say(`the packaged Node does not run on this system; the machine's own is used`)
    const links = ['node', 'node.cmd', 'node.ps1'].map((file) => at('node_modules', '.bin', file))
    for (const file of links.filter((link) => fs.existsSync(link)).concat(packaged)) fs.unlinkSync(file)
  }
}

function findNode() {
  const packaged = nodeIn(root)
  if (packaged) return packaged
  if (major(process.version) >= 24) return process.execPath
  return fail(
    `this needs Node 24, this is ${process.version}, and no package has one for this platform. Install Node 24.`,
  )
}

function environment(node) {
  const env = Object.assign({}, process.env)
  const key = Object.keys(env).find((each) => each.toUpperCase() === 'PATH') || 'PATH'
  env[key] = [at('node_modules', '.bin'), path.dirname(node), env[key]].join(path.delimiter)
  return env
}

/** Becomes, as far as a parent can, the command: its output, its exit code, the signals meant for it. */
function runCommand(node, args, options) {
  const child = spawn(node, args, Object.assign({ stdio: 'inherit' }, options))
  // A terminal sends ^C to the child as well; other senders know only this process.
  const forward = (signal) => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
  // `npm run` has a shell between itself and us, which ends without passing a signal on: then we are an orphan.
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 250)

  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function main(name, args) {
  const command = COMMANDS[name]
  if (name && !command) fail(`there is no command ${name}. There are: ${Object.keys(COMMANDS).join(', ')}`)

  const reason = missing()
  if (reason) install(reason)
  const node = findNode()
  if (!command) return

  const env = environment(node)
  if (command.built) {
    say('building')
    const done = run(node, [at(COMMANDS.build.file)].concat(COMMANDS.build.args), { env })
    if (!done.ok) fail('the build failed')
  } else {
    // Through the environment, so that the processes it starts run from the sources too.
    env.NODE_OPTIONS = [env.NODE_OPTIONS, '--conditions=@heddle/source'].filter(Boolean).join(' ')
  }
  const cwd = command.here ? process.env.INIT_CWD || process.cwd() : root
  runCommand(node, [at(command.file)].concat(command.args || [], args), { env, cwd })
}

main(process.argv[2], process.argv.slice(3))

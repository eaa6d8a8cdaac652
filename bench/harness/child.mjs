import { fork, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The cores this process may use. */
function allowedCores() {
  try {
    const [, list] = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))
    return list.split(',').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
  } catch {
    return []
  }
}

const cores = allowedCores()
/** Whether server and load each have a core of their own. If no numbers are compared with goals, they need not. */
export const pinned = !process.argv.includes('--smoke') && cores.length > 1 && spawnSync('taskset', ['--version']).status === 0

/** A child process that runs commands. `core`: 0 for servers, 1 for the load. */
export class Child {
  constructor(file, { node = process.execPath, core, flags = [] }) {
    const command = pinned && core !== undefined ? ['taskset', '-c', String(cores[core]), node] : [node]
    const [execPath, ...execArgv] = [...command, ...flags]
    this.asked = new Map()
    this.process = fork(fileURLToPath(new URL(file, import.meta.url)), {
      execPath,
      execArgv,
      env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.process.on('message', ({ id, result, error }) => {
      const { resolve, reject } = this.asked.get(id)
      this.asked.delete(id)
      if (error === undefined) resolve(result)
      else reject(new Error(`${file}: ${error}`))
    })
    this.process.on('exit', (code, signal) => {
      for (const { reject } of this.asked.values()) reject(new Error(`${file} ended with ${signal ?? code}`))
    })
  }

  ask(command, input = {}) {
    const id = this.asked.size + Math.random()
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject })
      this.process.send({ id, command, ...input })
    })
  }

  end() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return undefined
    return new Promise((resolve) => {
      this.process.once('exit', resolve)
      this.process.kill('SIGKILL')
    })
  }
}

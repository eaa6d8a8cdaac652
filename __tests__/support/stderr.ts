import { jest } from '@jest/globals'

/** Runs `work` as it would run with this `NODE_ENV`. @returns what it wrote to stderr */
export async function stderrUnder(environment: string | undefined, work: () => unknown): Promise<string> {
  const before = process.env.NODE_ENV
  const written: string[] = []
  const spy = jest.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  if (environment === undefined) delete process.env.NODE_ENV
  else process.env.NODE_ENV = environment
  try {
    await work()
    return written.join('')
  } finally {
    spy.mockRestore()
    process.env.NODE_ENV = before
  }
}

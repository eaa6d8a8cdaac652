/** Answers what a parent asks over IPC, one command after the other, and ends with the parent. */
export function serve(commands) {
  let last = Promise.resolve()
  process.on('message', ({ id, command, ...input }) => {
    last = last
      .then(() => commands[command](input))
      .then(
        (result) => process.send({ id, result }),
        (error) => process.send({ id, error: error.stack ?? String(error) }),
      )
  })
  process.on('disconnect', () => process.exit())
}

/** Runs the commands of the parent process over IPC, one after the other, and exits with the parent. */
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

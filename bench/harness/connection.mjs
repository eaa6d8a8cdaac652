import { connect } from 'node:net'

const lengthOf = /content-length: *(\d+)/i
const closes = /connection: *close/i

/** A keep-alive HTTP/1.1 connection with one request in flight. `answered(connection, status)`: status 0 if the connection broke. */
export class Connection {
  constructor(port, answered) {
    this.port = port
    this.answered = answered
    this.socket = undefined
    this.text = ''
    this.waiting = false
  }

  send(request) {
    this.waiting = true
    this.socket ??= this.open()
    this.socket.write(request)
  }

  end() {
    this.waiting = false
    this.socket?.destroy()
  }

  open() {
    const callback = (size, buffer) => {
      if (this.socket === socket) this.read(buffer.latin1Slice(0, size))
      return true
    }
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true, onread: { buffer: Buffer.allocUnsafe(16_384), callback } })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      if (this.socket !== socket) return
      this.socket = undefined
      if (this.waiting) this.finish(0)
    })
    return socket
  }

  read(text) {
    this.text += text
    const end = this.text.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.text.slice(0, end)
    const length = lengthOf.exec(head)
    const complete = length ? this.text.length >= end + 4 + Number(length[1]) : this.text.endsWith('\r\n0\r\n\r\n')
    if (!complete) return
    if (closes.test(head)) {
      this.socket.destroy()
      this.socket = undefined
    }
    this.finish(Number(head.slice(9, 12)))
  }

  finish(status) {
    this.text = ''
    this.waiting = false
    this.answered(this, status)
  }
}

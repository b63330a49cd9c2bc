import http from 'node:http'
import net from 'node:net'
import { expect, it } from 'vitest'
import { parseAnswer } from './http-answer.ts'

/** What a real server says, byte for byte. */
async function saidBy(answer: http.RequestListener, version: string): Promise<string> {
  const server = http.createServer(answer).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  socket.end(`GET / HTTP/${version}\r\nHost: x\r\nConnection: close\r\n\r\n`)
  let said = ''
  for await (const piece of socket) said += String(piece)
  server.close()
  return said
}

it.each(['1.0', '1.1'])('understands what a server says over HTTP/%s, in one piece or in chunks', async version => {
  const said = await saidBy((_, response) => {
    response.writeHead(418)
    response.write('tea, ')
    response.end('später')
  }, version)
  expect(parseAnswer(said)).toEqual({ status: 418, body: 'tea, später' })
})

it('says when there was no answer, or one of something else', () => {
  expect(() => parseAnswer('')).toThrow('it said nothing')
  expect(() => parseAnswer('220 mail.example.org ESMTP')).toThrow('no answer of HTTP')
})

// Starts a Bluesky directory and personal data server on free ports of loopback; with DB_POSTGRES_URL also the view
// that counts reactions. Prints one JSON line when ready, stops on SIGTERM or when its standard input ends.
import net from 'node:net'

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...args) {
  const [first, ...rest] = args
  if (typeof first === 'number') return listen.call(this, { port: first, host: '127.0.0.1' }, ...rest.filter((a) => typeof a === 'function'))
  if (first && typeof first === 'object' && 'port' in first) return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest)
  return listen.apply(this, args)
}

const { TestPlc, TestPds, TestBsky, TestBsync, mockNetworkUtilities, mockMailer } = await import('@atproto/dev-env')

const dbPostgresUrl = process.env.DB_POSTGRES_URL
const plc = await TestPlc.create({})
let view, pds
if (dbPostgresUrl) {
  const bsync = await TestBsync.create({ apiKeys: ['key'], dbUrl: dbPostgresUrl, dbSchema: 'bsync' })
  const pdsPort = await freePort()
  view = await TestBsky.create({
    plcUrl: plc.url,
    pdsPort,
    repoProvider: `ws://localhost:${pdsPort}`,
    dbPostgresUrl,
    dbPostgresSchema: 'view',
    bsyncUrl: bsync.url,
    bsyncApiKey: 'key',
  })
  bsync.ctx.dataplaneClients = [view.ctx.dataplane]
  pds = await TestPds.create({
    port: pdsPort,
    didPlcUrl: plc.url,
    hostname: 'localhost',
    enableDidDocWithSession: true,
    bskyAppViewUrl: view.url,
    bskyAppViewDid: view.ctx.cfg.serverDid,
  })
} else {
  pds = await TestPds.create({ didPlcUrl: plc.url, hostname: 'localhost', enableDidDocWithSession: true })
}
mockNetworkUtilities(pds, view)
mockMailer(pds)
console.log(JSON.stringify({ pds: pds.url, plc: plc.url, view: view?.url ?? null }))

// Everything is in memory or in the folder of temporary files that the test removes: nothing needs a careful end.
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
process.stdin.on('end', () => process.exit(0)).resume()

function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer()
    probe.listen(0, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Called with what a process writes. */
export interface ProcessOutput {
  write(text: string): void
  writeError(text: string): void
}

/**
 * In a network of its own that only the command and its children are in. One lost packet has to be
 * one packet and not 64 KB of them, so the MTU is that of Ethernet and segments are not joined. The
 * numbers of packets are printed in the end.
 */
const script = `
ip link set lo mtu 1500 up || exit 125
ip link set lo gso_max_segs 1 2>/dev/null || ip link set lo gso_max_size 1500 2>/dev/null
nft -f - <<RULES || exit 125
table inet loss {
  chain in {
    type filter hook input priority -300;
    numgen random mod 100000 < $LOSS counter drop
    counter accept
  }
}
RULES
"$@"
code=$?
dropped=$(nft list chain inet loss in | sed -n 's/.*counter packets \\([0-9]*\\).* drop$/\\1/p')
echo "packet loss: $dropped packets dropped" >&2
exit $code
`

/**
 * Why this machine cannot lose packets on purpose; undefined where it can. It needs user namespaces,
 * `unshare`, `ip` and `nft` (Debian: util-linux, iproute2, nftables), and no root.
 */
export async function whyNoPacketLoss(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `packets are lost by Linux, this is ${process.platform}`
  const { code, text } = await run({ LOSS: '0' }, ['true'])
  if (code === 0) return undefined
  const said = text.trim().split('\n').at(-1) ?? ''
  return (
    'packets cannot be lost on purpose here; that needs user namespaces and the commands unshare, ' +
    `ip and nft (Debian: apt-get install util-linux iproute2 nftables): ${said}`
  )
}

/** Runs a command in a network that loses `percent` of all packets; returns its exit code. */
export async function runWithPacketLoss(
  percent: number,
  command: readonly string[],
  output: ProcessOutput,
): Promise<number> {
  const { code } = await run({ LOSS: String(Math.round(percent * 1_000)) }, command, output)
  return code
}

async function run(
  variables: Readonly<Record<string, string>>,
  command: readonly string[],
  output?: ProcessOutput,
): Promise<{ readonly code: number; readonly text: string }> {
  const child = spawn('unshare', ['-Urn', 'sh', '-c', script, 'sh', ...command], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => output?.write(chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-2_000)
    output?.writeError(chunk)
  })
  try {
    const [code] = await once(child, 'close')
    return { code: typeof code === 'number' ? code : 1, text }
  } catch (error) {
    return { code: 127, text: error instanceof Error ? error.message : String(error) }
  }
}

import { type Command, Option } from 'commander'
import { defaultPlan } from '../bench/load/load-plan.js'
import { asAmount, asCount, asPositive } from './bench-options.js'

/** Adds the options of `bench load`; `LoadOptions` has their values. */
export function addLoadOptions(command: Command): Command {
  const { documents, editors, observers, rate, durationMs, rampMs, witnesses } = defaultPlan
  command
    .option('--url <url>', 'a running server; without one, its own on a directory that it deletes')
    .addOption(
      new Option('--dialect <name>', 'what the server at --url speaks')
        .choices(['cairn', 'y-websocket', 'hocuspocus'])
        .default('cairn'),
    )
    .addOption(
      new Option('--durability <level>', 'of its own server')
        .choices(['fsync', 'os', 'memory'])
        .default('fsync'),
    )
    .option('--documents <number>', 'documents', asPositive, documents)
    .option('--editors <number>', 'clients of each document that edit', asCount, editors)
    .option(
      '--observers <number>',
      'clients of each document that only receive',
      asCount,
      observers,
    )
    .option('--rate <number>', 'edits a second of each editor', asAmount, rate)
    .option('--blast <edits>', 'so many edits of each editor as fast as they are taken', asPositive)
    .option('--mix <kinds>', 'what editors do, weighed', 'type:85,delete:10,paste:2,map:3')
    .option('--trace <file>', 'what editors type: a .json or .json.gz trace')
    .option('--presence <number>', 'cursor moves a second of each editor', asAmount, 0)
    .option('--duration <seconds>', 'how long', asAmount, durationMs / 1_000)
    .option('--ramp <seconds>', 'in which the rate grows from nothing', asAmount, rampMs / 1_000)
    .option('--storms <number>', 'times that every connection is lost and comes back', asCount, 0)
    .option('--slow-readers <number>', 'observers of each document that stop reading', asCount, 0)
    .option('--witnesses <number>', 'documents compared as real ones', asCount, witnesses)
    .option('--settle <seconds>', 'in which all must have everything afterwards', asAmount, 30)
    .option('--seed <number>', 'decides clients, edits and chance', asCount, 1)
    .option('--workers <number>', 'processes that make the load', asPositive, 1)
  return command
    .option('--link <classes>', 'lan, broadband, 4g, lossy-3g, train, hotel-wifi or satellite')
    .option('--link-file <file>', 'a JSON file with more classes of links')
    .option('--packet-loss <percent>', 'packets lost, in a private network (Linux)', asAmount)
    .option('--max-p99 <ms>', 'fails above, from edit to screen', asAmount)
    .option('--max-ack-p99 <ms>', 'fails above, from edit to acknowledgement', asAmount)
    .option('--min-rate <number>', 'fails below so many deliveries a second', asAmount)
    .option('--max-cpu <us>', 'fails above so much server CPU a delivery', asAmount)
    .option('--max-memory <MiB>', 'fails above, of its own server', asAmount)
    .option('--out <directory>', 'writes load.json and load.html')
    .option('--self-test', 'measures what the load side itself can do, 5 s each at most', false)
}

import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';

/**
 * Loaded before `crossroot verify` where it must be seen that it opens no socket: every way to open one ends the process.
 */
const refuse = (what: string) => (): never => {
  process.stderr.write(`error: an offline command tried to ${what}\n`);
  process.exit(3);
};
net.Socket.prototype.connect = refuse('open a TCP connection');
net.Server.prototype.listen = refuse('listen on a port');
dgram.createSocket = refuse('open a UDP socket');
dns.lookup = refuse('look up a host name') as unknown as typeof dns.lookup;

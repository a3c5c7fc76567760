import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type AddressFacts, announcedAddress } from './announced-address.js';

/** @param toward `host:port` that those reach too who are to reach this one, such as nats-server's */
export async function discoverAddress(
  known: Pick<AddressFacts, 'bound' | 'announce'>,
  toward: string,
): Promise<string> {
  const local = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return announcedAddress({ ...known, route: await localEndToward(toward), local });
}

/** No packet is sent: connecting a UDP socket only chooses the route. Null where there is none. */
export function localEndToward(server: string): Promise<string | null> {
  const name = server.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const socket = createSocket(isIPv6(name) ? 'udp6' : 'udp4');
  return new Promise<string | null>((resolve) => {
    socket.once('error', () => resolve(null));
    // Any port: nobody there hears of it.
    socket.connect(9, name, () => resolve(socket.address().address));
  }).finally(() => socket.close());
}

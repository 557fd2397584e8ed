import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Passes connections to an address on to a port of loopback, as kube-proxy or a load balancer would. */
export async function relay(
  from: { readonly address: string; readonly port: number },
  toPort: number,
): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(toPort, '127.0.0.1');
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      // The other side learns of it by the end of its own connection.
      socket.on('error', () => {
        client.destroy();
        target.destroy();
      });
    }
    client.pipe(target).pipe(client);
  });
  server.listen(from.port, from.address);
  await once(server, 'listening');
  return {
    close: async () => {
      const closed = once(server.close(), 'close');
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

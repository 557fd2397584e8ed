import { CommandError } from './command-error.ts';

/**
 * The parts of `address:port`, IPv6 addresses in brackets.
 * @throws CommandError that names the flag
 */
export function parseListen(flag: string, listen: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(.*):([0-9]{1,5})$/.exec(listen) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535)
    throw new CommandError(`${flag} must be an address and a port such as 0.0.0.0:8080 (found "${listen}")`);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

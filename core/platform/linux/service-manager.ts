import { sendToUnix } from '../../node-tun/index.ts';

/** What the service manager is told: that everything stands, and that the end has begun. */
export interface ServiceManager {
  ready(): void;
  stopping(): void;
}

/**
 * systemd, as sd_notify(3) speaks to it: a datagram to the socket that it named in NOTIFY_SOCKET. Without one, in
 * development, nothing happens. One that does not listen is no reason not to serve.
 */
export function serviceManager(socket: string | undefined): ServiceManager {
  const tell = (state: string): void => {
    if (socket === undefined || !/^[/@]./.test(socket)) return;
    try {
      sendToUnix(socket, new TextEncoder().encode(state));
    } catch {
      // It will notice by itself, and say so.
    }
  };
  return { ready: () => tell('READY=1'), stopping: () => tell('STOPPING=1') };
}

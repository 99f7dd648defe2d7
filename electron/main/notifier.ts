import { Notification } from 'electron';
import type { Notice } from './notices.ts';
import type { Words } from './words.ts';

/** Shows a notice as the desktop does; `onClick` when the person wants to see more. */
export function notify(notice: Notice, words: Words['notices'], onClick: () => void): void {
  const shown = new Notification({ ...textOf(notice, words), silent: true });
  shown.on('click', onClick);
  shown.show();
}

function textOf(notice: Notice, words: Words['notices']): { title: string; body?: string } {
  switch (notice.kind) {
    case 'connected':
      return { title: words.connected(notice.profile) };
    case 'lost':
      return { title: words.lost(notice.profile), body: words.lostBody };
    case 'failed':
      return { title: words.failed(notice.profile), body: words.failedBody(notice.failure) };
    case 'service-gone':
      return { title: words.failed(notice.profile), body: words.serviceGoneBody };
    case 'asked':
      return { title: words.asked(notice.profile), body: words.askedBody };
    case 'blocked':
      return { title: words.blocked, body: words.blockedBody };
  }
}

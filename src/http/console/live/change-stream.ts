import type { ConsolePart, ConsoleSource } from '../deps.ts';

export interface NewsOptions {
  /** Resolves once the listener's connection has taken it; rejects if the connection is gone. */
  readonly send: (event: 'hello' | 'changed' | 'alive' | 'over', data: string) => Promise<void>;
  /** Ends the connection. */
  readonly end: () => void;
  readonly follow: ConsoleSource['follow'];
  /** Checked before each event, and with each heartbeat. */
  readonly mayGoOn: () => Promise<boolean>;
  /** Changes that come faster are sent as one. */
  readonly debounceMilliseconds?: number;
  readonly heartbeatMilliseconds?: number;
}

/** A listener whose connection takes nothing for this many heartbeats is gone. */
const MAX_SILENT = 2;

/** Events for one listener: each part that changed, at most once a second, and a heartbeat. */
export function newsStream({
  send,
  end,
  follow,
  mayGoOn,
  debounceMilliseconds = 1000,
  heartbeatMilliseconds = 15_000,
}: NewsOptions): { readonly end: () => void; readonly stop: () => void } {
  const changed = new Set<ConsolePart>();
  let telling = false;
  let stopped = false;
  let silent = 0;
  let timer: NodeJS.Timeout | undefined;

  const stop = (): void => {
    stopped = true;
    unfollow();
    clearInterval(heartbeat);
    clearTimeout(timer);
  };
  const close = (): void => {
    if (stopped) return;
    stop();
    end();
  };

  /** One event at a time: a full connection gets the rest once it has room. */
  async function tell(say: () => Promise<void>): Promise<void> {
    if (telling || stopped) return;
    telling = true;
    try {
      if (await mayGoOn()) {
        if (!stopped) await say();
      } else {
        // Not awaited: a full connection would never be ended.
        if (!stopped) send('over', '').catch(() => undefined);
        close();
      }
    } catch {
      // The connection is gone, or the check failed.
      close();
    } finally {
      telling = false;
    }
  }

  async function tellChanges(): Promise<void> {
    timer = undefined;
    await tell(async () => {
      const parts = [...changed];
      changed.clear();
      for (const part of parts) await send('changed', part);
      silent = 0;
    });
    if (changed.size > 0) soon();
  }

  const soon = (): void => {
    if (!stopped) timer ??= setTimeout(() => void tellChanges(), debounceMilliseconds);
  };
  const unfollow = follow((part) => {
    changed.add(part);
    soon();
  });
  const heartbeat = setInterval(() => {
    silent += 1;
    if (silent > MAX_SILENT) return close();
    void tell(async () => {
      await send('alive', '');
      silent = 0;
    });
  }, heartbeatMilliseconds);
  heartbeat.unref();
  void tell(() => send('hello', ''));
  return { end: close, stop };
}

import { openAuditReader } from '../src/audit/reader/sqlite-reader.ts';
import { happening } from './what-happened.ts';
import type { Narrator } from './narrator.ts';
import type { LogLine, World } from './world.ts';

const LOOK_MILLISECONDS = 250;

/** From now on tells what people and services do, and what the service has to say of it; until disposed of. */
export function watch(
  world: Pick<World, 'store' | 'follow'>,
  narrator: Pick<Narrator, 'event'>,
): Disposable {
  world.follow((line) => {
    if (!isNews(line)) return;
    const { msg, level, problems = [] } = line;
    narrator.event([msg, ...problems].join('\n'), level < WARNING ? 'green' : 'red');
  });
  const reader = openAuditReader(world.store);
  const next = reader.follow({});
  const timer = setInterval(() => {
    for (const event of next()) {
      const told = happening(event);
      if (told) narrator.event(told.text, told.style);
    }
  }, LOOK_MILLISECONDS);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      reader.close();
      world.follow(() => {});
    },
  };
}

/** Troubles, and that an edited configuration is in force. The rest is routine, or in the audit log. */
function isNews({ msg, level }: LogLine): boolean {
  return level >= WARNING || msg === 'configuration reloaded';
}

const WARNING = 40;

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '../../../src');

test('no page inserts anything without escaping it', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(100);
  const raw = files.filter((file) =>
    /html\s*\.\s*raw|html\['raw/.test(readFileSync(join(SOURCE, file), 'utf8')),
  );
  expect(raw).toEqual([]);
});

import type { Findings } from '../findings.ts';
import type { Settings } from '../settings.ts';

export function findPitfalls(_settings: Settings, _findings: Findings): void {}

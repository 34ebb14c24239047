import { type LoadReport, startLoad } from '../../test/support/rotation-load.ts';
import { measure } from '../running.ts';
import type { Setting } from './setting.ts';

export interface UnderLoad {
  readonly rotations: number;
  /** Keys that were taken out of the account JWT meanwhile, behind whom had been credentials. */
  readonly retired: number;
  readonly exchanges: number;
  readonly exchangesRefused: number;
  readonly connects: number;
  readonly connectsRefused: number;
  /** Connections that ended before their credential did. */
  readonly cutEarly: number;
  /** Connections or messages that did not come about, and were not refused either. */
  readonly lost: number;
}

const RATE = 200;
const PORTION_SECONDS = 5;

/** Exchanges at a steady rate, and clients that connect, publish and hold on, while keys rotate. */
export async function underLoad(setting: Setting, rotations: number): Promise<UnderLoad> {
  const before = setting.activations().length;
  const retiredBefore = retirements(setting);
  const clients = startLoad(setting);
  const rotated = () => setting.activations().length - before;
  const steady = { exchanges: 0, refused: 0 };
  while (rotated() < rotations) {
    const { port, tokensFile } = setting;
    const portion = { port, tokensFile, seconds: PORTION_SECONDS, rate: RATE };
    const { done, refused } = await measure(portion);
    steady.exchanges += done;
    steady.refused += refused;
  }
  const report = await clients.stop();
  const faults = (kind: LoadReport['faults'][number]['kind']) =>
    report.faults.filter((fault) => fault.kind === kind).length;
  return {
    rotations: rotated(),
    retired: retirements(setting) - retiredBefore,
    exchanges: steady.exchanges + report.exchanges,
    exchangesRefused: steady.refused + faults('exchange'),
    connects: report.connections,
    connectsRefused: faults('refused'),
    cutEarly: faults('cut'),
    lost: faults('lost'),
  };
}

function retirements(setting: Setting): number {
  return setting
    .audit({ type: 'key' })
    .filter((event) => event.type === 'key' && event.to === 'retired' && event.reason === 'expired')
    .length;
}

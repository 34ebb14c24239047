import { execFileSync } from 'node:child_process';
import { eventually } from './eventually.ts';

/** SIGSTOP; resolves once the process has stopped, which takes a moment. SIGCONT lets it go on. */
export async function pauseProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await eventually(() => {
    const state = execFileSync('ps', ['-o', 'state=', '-p', `${pid}`]).toString();
    return state.trim().startsWith('T');
  });
}

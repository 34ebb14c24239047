import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { CliError, ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { type CallbackAnswer, startCallbackServer } from './callback-server.ts';
import type { HandedOver } from './oauth-answers.ts';
import { OAuthRefusal, refusalError, shown } from './oauth-call.ts';
import {
  type Ask,
  asked,
  CLIENT_ID,
  isSameService,
  programName,
  type SignInService,
} from './sign-in-service.ts';

export interface BrowserOptions {
  /** Whether to open one; the address is printed either way. */
  readonly open: boolean;
  readonly patienceMilliseconds: number;
}

/** Authorization code to a port of this machine, with PKCE (RFC 8252, RFC 7636). Throws CliError when it comes to nothing. */
export async function signInByBrowser(
  terminal: Terminal,
  { service, ask }: { readonly service: SignInService; readonly ask: Ask },
  { open, patienceMilliseconds }: BrowserOptions,
): Promise<HandedOver> {
  await service.check();
  const state = randomText();
  const codeVerifier = randomText();
  const doneUrl = new URL('authorize/done', service.url);
  await using server = await startCallbackServer({ state, doneUrl });
  const { redirectUri } = server;
  const page = pageUrl(service.url, ask, { redirectUri, state, codeVerifier });
  const opened = open && (await openBrowser(page, process.env));
  terminal.err(instructions(page, opened));
  const code = codeOf(await server.answer(patienceMilliseconds), service.url);
  const answer = await service.redeemCode({ code, redirectUri, codeVerifier });
  if (answer instanceof OAuthRefusal) throw refusalError(answer);
  return answer;
}

/** 256 bits; also what RFC 7636 §4.1 recommends for a verifier. */
function randomText(): string {
  return randomBytes(32).toString('base64url');
}

/** RFC 6749 §4.1.1, with what the credential is for. */
function pageUrl(
  base: URL,
  ask: Ask,
  more: { readonly redirectUri: string; readonly state: string; readonly codeVerifier: string },
): URL {
  const url = new URL('authorize', base);
  const parameters = {
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: more.redirectUri,
    state: more.state,
    code_challenge: createHash('sha256').update(more.codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    program: programName(),
    ...asked(ask),
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

function instructions(page: URL, opened: boolean): string {
  const first = opened
    ? 'Your browser goes on with the login. If it did not open, go to'
    : 'To sign in, open this address in a browser on this machine:';
  return `${first}\n\n  ${page.href}\n\nOn a machine without a browser: nats-sts login --device\n`;
}

function codeOf(answer: CallbackAnswer, url: URL): string {
  if ('error' in answer) {
    const { error, description } = answer;
    const said = shown(description === undefined ? error : `${error}: ${description}`);
    throw error === 'access_denied'
      ? new CliError(ExitCode.denied, `refused in the browser: nothing was written (${said})`)
      : new CliError(ExitCode.failed, said);
  }
  // RFC 9207 §2.4: a code of another service must not be told to this one.
  if (!isSameService(url, answer.issuer ?? '')) {
    throw new CliError(ExitCode.failed, 'the browser came back from another service: not used');
  }
  return answer.code;
}

/** Opens a page: with the program in `BROWSER`, else as the desktop does. Resolves to whether a program was started. */
async function openBrowser(url: URL, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    const child = await started(url, env['BROWSER']?.trim());
    child.unref();
    return true;
  } catch {
    return false;
  }
}

/** `BROWSER` may have arguments; `%s` stands for the address, which is last otherwise. No shell reads it. */
async function started(url: URL, browser: string | undefined): Promise<ChildProcess> {
  if (!browser) {
    const { default: open } = await import('open');
    const child = await open(url.href);
    // What goes wrong later (no desktop) is seen by whoever waits for a window: the address is printed.
    child.on('error', () => undefined);
    return child;
  }
  const [program = '', ...options] = browser.split(/\s+/);
  const args = options.includes('%s')
    ? options.map((option) => (option === '%s' ? url.href : option))
    : [...options, url.href];
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child));
    child.once('error', reject);
  });
}

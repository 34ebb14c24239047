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
  /** Whether to open a browser; the address is printed either way. */
  readonly open: boolean;
  readonly patienceMilliseconds: number;
}

/** Sends the authorization code to a port of this machine, with PKCE (RFC 8252, RFC 7636). Throws CliError if the login fails. */
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

/** 256 bits, which RFC 7636 §4.1 recommends for a verifier. */
function randomText(): string {
  return randomBytes(32).toString('base64url');
}

/** RFC 6749 §4.1.1, with the credential that is requested. */
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
    ? 'Continue in your browser. If it did not open, go to'
    : 'To sign in, open this address in a browser on this machine:';
  return `${first}\n\n  ${page.href}\n\nOn a machine without a browser: nats-sts login --device\n`;
}

function codeOf(answer: CallbackAnswer, url: URL): string {
  if ('error' in answer) {
    const { error, description } = answer;
    const why = shown(description === undefined ? error : `${error}: ${description}`);
    throw error === 'access_denied'
      ? new CliError(ExitCode.denied, `denied in the browser: nothing was written (${why})`)
      : new CliError(ExitCode.failed, why);
  }
  // RFC 9207 §2.4: do not send a code of another service to this one.
  if (!isSameService(url, answer.issuer ?? '')) {
    throw new CliError(
      ExitCode.failed,
      'the browser returned from another service; its answer was not used',
    );
  }
  return answer.code;
}

/** Opens a page with the program in `BROWSER`, else as the desktop does. Resolves to whether a program was started. */
async function openBrowser(url: URL, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    const child = await started(url, env['BROWSER']?.trim());
    child.unref();
    return true;
  } catch {
    return false;
  }
}

/** `BROWSER` may have arguments; `%s` is replaced by the address, which otherwise comes last. No shell is used. */
async function started(url: URL, browser: string | undefined): Promise<ChildProcess> {
  if (!browser) {
    const { default: open } = await import('open');
    const child = await open(url.href);
    // Later errors (no desktop) are not reported: the address was printed.
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

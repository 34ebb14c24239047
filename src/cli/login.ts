import { Command, InvalidArgumentError, Option } from 'commander';
import { type Clock, systemClock } from '../clock.ts';
import { NAME, NAME_RULE } from '../config/schema/scalars.ts';
import { formatCreds } from '../nats/creds.ts';
import { decodeJwt } from '../nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../nats/key-pair.ts';
import { Malformed } from '../nats/malformed.ts';
import { tellIfOutdated } from './exchange-call.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { contextOption } from './login/context-name.ts';
import { contextText, credentialText } from './login/credential-text.ts';
import type { HandedOver } from './login/oauth-answers.ts';
import { paths } from './login/paths.ts';
import { saveCredential, type LoginStore, refuseForeign } from './login/save.ts';
import { openSessions } from './login/sessions.ts';
import { signIn, type SignInOptions, type SignInParts } from './login/sign-in.ts';
import { DEFAULT_SERVICE, rememberedUrlOption, whichService } from './login/which-service.ts';
import type { Terminal } from './terminal.ts';
import { tellIfShorter, ttlOption } from './ttl-option.ts';
import { warnIfUnencrypted } from './url-option.ts';

interface LoginOptions extends SignInOptions {
  readonly url?: URL;
  readonly context?: string;
  readonly force?: true;
  readonly select: boolean;
  readonly print?: true;
}

interface LoginParts extends SignInParts {
  readonly clock?: Clock;
}

/** `nats-sts login`: a person signs in. The command makes the user's key pair, so the seed never crosses the network. */
export function loginCommand(terminal: Terminal, parts: LoginParts = {}): Command {
  return new Command('login')
    .addOption(rememberedUrlOption())
    .addOption(
      new Option(
        '--role <role>',
        'the role to request (default: the last one; the first time, you choose)',
      ).argParser(roleName),
    )
    .addOption(ttlOption())
    .addOption(contextOption())
    .option('--no-select', 'write the nats context, but do not select it')
    .option('--force', 'replace a nats context of the same name that nats-sts login did not write')
    .addOption(
      new Option(
        '--print',
        'print the creds to stdout; write neither a creds file nor a nats context',
      ).conflicts(['context', 'force']),
    )
    .option('--device', 'show a code that you enter on another device; needs no browser here')
    .option('--no-browser', 'do not open a browser; print the address to open on this machine')
    .option(
      '--fresh',
      'sign in again even if a session is still valid (without --role: choose again)',
    )
    .addHelpText('after', EXAMPLES)
    .action((options: LoginOptions) => run(terminal, options, parts));
}

const EXAMPLES = `
The command creates the seed locally and sends only the public key. While your session lasts, the
same command gets the next credential without a browser. Each role has its own session: the first
login for another role needs the browser again.

The creds file and the nats context have the name of the role. If another nats context already has
that name, the new one is called ROLE@HOST. The next login replaces the creds file and keeps your
changes to its nats context.

Files are in $XDG_CONFIG_HOME, else ~/.config: sessions and creds in nats-sts/, contexts in nats/.
Set BROWSER to choose the program that opens the page.

Examples:
  nats-sts login --url https://sts.example.com
  nats-sts login --role orders-publisher --ttl 1h --context orders
  nats-sts login --device                             over ssh
  nats-sts login --print > app.creds`;

function roleName(text: string): string {
  if (NAME.test(text)) return text;
  throw new InvalidArgumentError(`In the name of a role, ${NAME_RULE}.`);
}

async function run(terminal: Terminal, options: LoginOptions, parts: LoginParts): Promise<void> {
  const { clock = systemClock } = parts;
  const where = paths(process.env);
  const sessions = openSessions(where);
  const url = whichService(options.url, sessions) ?? DEFAULT_SERVICE;
  warnIfUnencrypted(terminal, url);
  const store: LoginStore = { url, paths: where, sessions, clock };
  await refuseEarly(store, options);
  const pair = createKeyPair('user');
  const answer = await signIn(terminal, { store, nkey: pair.publicKey }, { options, parts });
  const creds = credsOf(answer, pair);
  pair.wipe();
  tellIfShorter(terminal, options.ttl, { ...answer, role: answer.scope });
  tellIfOutdated(
    terminal,
    { ...answer, role: answer.scope },
    'sign in again for the new permissions',
  );
  if (options.print) return print(terminal, store, { answer, creds });
  await keep(terminal, store, { answer, creds, options });
}

/** Checked before the person signs in for nothing. */
async function refuseEarly(store: LoginStore, { context, force }: LoginOptions): Promise<void> {
  if (context === undefined || force) return;
  await store.sessions.exclusively((stored) => refuseForeign(context, { ...store, stored }));
}

/** The text of the creds file. Throws CliError if the credential is for another key, since it would not work. */
function credsOf({ access_token: jwt }: HandedOver, pair: KeyPair): string {
  const claims = decodeJwt(jwt);
  if (claims instanceof Malformed || claims.sub !== pair.publicKey) {
    throw new CliError(
      ExitCode.failed,
      'the service answered with a credential for another key; tell its operator',
    );
  }
  return formatCreds({ jwt, seed: pair.seed() });
}

interface Received {
  readonly answer: HandedOver;
  /** Secret. */
  readonly creds: string;
}

/** The credential goes to stdout, its description to stderr. */
function print(terminal: Terminal, { clock }: LoginStore, { answer, creds }: Received): void {
  terminal.out(creds);
  terminal.err(lines(credentialText(answer, clock.now())));
}

async function keep(
  terminal: Terminal,
  store: LoginStore,
  { answer, creds, options }: Received & { readonly options: LoginOptions },
): Promise<void> {
  const { context, select, force = false } = options;
  const saved = await saveCredential(store, { answer, creds }, { context, select, force });
  const file = store.paths.creds(saved.credential.context);
  terminal.out(
    lines([
      ...credentialText(answer, store.clock.now()),
      ...contextText(saved, answer, { file, selected: select }),
    ]),
  );
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

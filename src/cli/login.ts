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

/** `nats-sts login`: a person signs in; the user's key pair is made here, so the seed never crosses the network. */
export function loginCommand(terminal: Terminal, parts: LoginParts = {}): Command {
  return new Command('login')
    .description('sign in as a person, and get a nats context that works')
    .addOption(rememberedUrlOption())
    .addOption(
      new Option(
        '--role <role>',
        'the role to take (default: as last time, else choose)',
      ).argParser(roleName),
    )
    .addOption(ttlOption())
    .addOption(contextOption())
    .option('--no-select', 'write the nats context, but do not make it the selected one')
    .option('--force', 'replace a nats context of that name that nats-sts login did not write')
    .addOption(
      new Option(
        '--print',
        'print the creds to stdout; write no creds file and no nats context',
      ).conflicts(['context', 'force']),
    )
    .option('--device', 'show a code to type in on any other device; needs no browser here')
    .option('--no-browser', 'open no browser: print the address to open in one on this machine')
    .option(
      '--fresh',
      'sign in anew although the last login still holds (without --role: choose again)',
    )
    .addHelpText('after', EXAMPLES)
    .action((options: LoginOptions) => run(terminal, options, parts));
}

const EXAMPLES = `
The seed is made here and never sent anywhere. While the session lasts, the same command gets the
next credential without a browser. A session is for one role: the first login for another role goes
through the browser, and then both are saved.

The creds file and the nats context have the name of the role. Where a nats context of that name
exists already for something else, it is left alone, and the new one is called ROLE@HOST. The next
login replaces the creds file, and keeps what you added to its nats context.

All is saved below $XDG_CONFIG_HOME, else ~/.config: sessions and creds in nats-sts/, contexts in
nats/. The variable BROWSER may name the program that opens the page.

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
  tellIfOutdated(terminal, { ...answer, role: answer.scope }, 'sign in again for the new ones');
  if (options.print) return print(terminal, store, { answer, creds });
  await keep(terminal, store, { answer, creds, options });
}

/** Before anybody has signed in for nothing. */
async function refuseEarly(store: LoginStore, { context, force }: LoginOptions): Promise<void> {
  if (context === undefined || force) return;
  await store.sessions.exclusively((stored) => refuseForeign(context, { ...store, stored }));
}

/** The creds file's text. Throws CliError when the credential is for somebody else's key: it would open nothing. */
function credsOf({ access_token: jwt }: HandedOver, pair: KeyPair): string {
  const claims = decodeJwt(jwt);
  if (claims instanceof Malformed || claims.sub !== pair.publicKey) {
    throw new CliError(ExitCode.failed, 'the service answered with a credential for another key');
  }
  return formatCreds({ jwt, seed: pair.seed() });
}

interface Received {
  readonly answer: HandedOver;
  /** Secret. */
  readonly creds: string;
}

/** With the credential itself on stdout, what is told about it goes to stderr. */
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
